#!/usr/bin/env python3
"""Writes docs/benchmarks.md from docs/benchmarks.json (what was measured) and docs/figures.toml (what it means)."""
from figures import DOCS, load, show, verdict

HEAD = """# Benchmarks

Made by `make benchmarks-page` from `docs/benchmarks.json`; not edited by hand. Every figure was written by the command
that stands with it, on the machine and at the commit that stand with it. A figure that falls short of its goal stays
short here until the code is better.
"""


# What every row has; the rest is its spread, and whatever else its target found worth telling.
COMMON = {"value", "unit", "goal", "n", "command", "commit", "machine", "date"}


def more(row):
    rest = [(key, row[key]) for key in row if key not in COMMON]
    text = ", ".join(f'{key} {show(value) if isinstance(value, (int, float)) else value}' for key, value in rest)
    return text.replace("|", "\\|") or "–"


def figure_row(figure, row):
    value = spread = n = "–"
    if row:
        value = f'{show(row["value"])} {figure["unit"]}'.strip()
        spread, n = more(row), row.get("n", "–")
    return f'| `{figure["key"]}` | {value} | {figure["goal"]} | {verdict(row, figure["goal"])} | {n} | {spread} | {figure["what"]} |'


def taken(rows):
    """One line for each different occasion on which the group was measured."""
    occasions = {(r.get("date", "?"), r.get("commit", "?"), r.get("machine", "?"), r.get("command", "?")) for r in rows}
    return [f"Taken {date} at {commit} on {machine} by `{command}`." for date, commit, machine, command in sorted(occasions)]


def main():
    groups, measured = load()
    lines = [HEAD]
    for group in groups:
        rows = [measured[f["key"]] for f in group["figure"] if f["key"] in measured]
        lines += [f'## {group["name"]}', "", group["how"], ""]
        lines += ["| figure | value | goal | | n | spread, and more | what |", "|---|---|---|---|---|---|---|"]
        lines += [figure_row(f, measured.get(f["key"])) for f in group["figure"]]
        lines += [""] + (taken(rows) or [f'Not measured yet: `{group["command"]}`.']) + [""]
    known = {f["key"] for group in groups for f in group["figure"]}
    others = sorted(set(measured) - known)
    if others:
        lines += ["## Measured besides", "", "| figure | value | n | spread, and more | command |", "|---|---|---|---|---|"]
        lines += [f'| `{k}` | {show(measured[k]["value"])} {measured[k].get("unit", "")} | {measured[k].get("n", "–")} '
                  f'| {more(measured[k])} | `{measured[k].get("command", "?")}` |' for k in others]
        lines += [""]
    (DOCS / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
