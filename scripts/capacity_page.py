#!/usr/bin/env python3
"""Writes docs/capacity.md: how many calls a core and a machine carry with each model, how well that model is said to hear
Danish, and what a year of calls takes. From docs/benchmarks.json (measured), docs/capacity.toml (assumptions and their
sources), models/manifest.toml (published error rates) and the sample calls (how much is spoken); no number is in here."""
import json
import math
import tomllib

from figures import DOCS, load, show

ROOT = DOCS.parent
HEAD = """# Capacity

Made by `make capacity-page` from `docs/benchmarks.json`, `docs/capacity.toml` and `models/manifest.toml`; not edited by
hand.
"""
FIGURES = """
*Engine alone* is the ceiling: one core that does nothing but hear. *Carried* is measured through the three programs, in
real time, with text at most 2 s late for 95 of 100 utterances; *a core* means one that sender and notes-api leave to the
pipeline. tiny, base and small are shapes of these models (docs/glossary.md), which cost the same and hear nothing. A
model that is fitted looks at as much of its window as was said; whether that costs accuracy is for
`make check-real-model` to say, and until then real models are run with the full window.
"""


def published(models, name):
    rates = next(model["published_wer"] for model in models if model["name"] == name)
    return "; ".join(f'{rate["percent"]} % on {rate["dataset"]}' for rate in rates) or "not published"


def sources(models, names):
    rates = [rate for model in models if model["name"] in names for rate in model["published_wer"]]
    return sorted({rate["source"] for rate in rates})


def carried(row):
    """-> calls, cores that the pipeline had; None where the row is missing or nothing was carried."""
    if not row or not row["calls"]:
        return None
    at_best = [point["cores"] for point in row["curve"] if point["calls"] == row["calls"]]
    return row.get("carried", row["calls"]), row.get("cores") or at_best[0]


def model_row(model, measured, models):
    row = measured.get(f'streams.{model["figure"]}.share_of_ceiling')
    cells = ["not measured yet"] * 2 + ["–"] * 2
    if row:
        cells = [show(row["ceiling_calls_per_core"]), "none within 2 s", "0", show(row["value"])]
        if best := carried(row):
            cells[1:3] = [show(best[0] / best[1]), show(best[0])]
    return [model["name"], model["window"], *cells, published(models, model["name"])]


def spoken_share():
    """-> seconds of speech in a second of a call, both sides together, over the sample calls."""
    calls = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "models/demo-da/calls").glob("*.json")]
    spoken = sum(turn["end_s"] - turn["start_s"] for call in calls for turn in call["turns"])
    return spoken / sum(call["duration_s"] for call in calls)


def table(head, rows):
    line = lambda cells: "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
    return [line(head), line(["---"] * len(head)), *map(line, rows), ""]


def taken(rows):
    occasions = {(row["date"], row["commit"], row["machine"], row["command"]) for row in rows}
    return [f"Taken {date} at {commit} on {machine} by `{command}`." for date, commit, machine, command in sorted(occasions)]


def main():
    _, measured = load()
    reckoned = tomllib.loads((DOCS / "capacity.toml").read_text(encoding="utf-8"))
    models = tomllib.loads((ROOT / "models/manifest.toml").read_text(encoding="utf-8"))["model"]
    share, year, plan = spoken_share(), reckoned["year"], reckoned["plan"]["share"]
    rows = {m["figure"]: measured.get(f'streams.{m["figure"]}.share_of_ceiling') for m in reckoned["model"]}
    names = {m["name"] for m in reckoned["model"] + reckoned["elsewhere"]}

    lines = [HEAD, "## How many calls at once", ""]
    head = ["model", "window", "engine alone, calls a core", "carried, calls a core", "carried by the machine",
            "share of ceiling", "word error rate in Danish, as published"]
    lines += table(head, [model_row(m, measured, models) for m in reckoned["model"]])
    lines += taken([row for row in rows.values() if row])
    lines += [FIGURES, "Error rates: " + ", ".join(sources(models, names)) + ".", ""]

    lines += ["## On a GPU, on paper", ""]
    lines += ["Not measured by us. What others have measured, by the sample calls' share of speech: in a second of a call "
              f"{show(share)} s are spoken, both sides together.", ""]
    gpus = {one["name"]: one["seconds_a_second"] / share for one in reckoned["elsewhere"]}
    head = ["model", "hardware", "seconds of speech a second", "calls at once", "word error rate in Danish, as published"]
    lines += table(head, [[one["name"], one["hardware"], one["seconds_a_second"], show(gpus[one["name"]]),
                           published(models, one["name"])] for one in reckoned["elsewhere"]])
    lines += [f'{one["name"]}: {one["what"]}; {one["source"]}. A call\'s utterances are shorter, and each costs a whole '
              "window, so expect fewer; requests that are batched allow more. Measure your own servers." for one in
              reckoned["elsewhere"]] + [""]

    lines += ["## A year", ""]
    lines += [f'{year["calls"]:,} calls, {year["average_at_once"]} at once on average and {year["peak_at_once"]} at peak '
              f'({2 * year["peak_at_once"]} tracks): {year["source"]}. Planned with {plan:.0%} of what is carried; notes-api, '
              "its database and the language model come on top.", ""]
    need = lambda at_once, per_unit: math.ceil(at_once / (per_unit * plan))
    paper = []
    for m in reckoned["model"]:
        best = carried(rows[m["figure"]])
        cells = ["not measured yet"] * 2 if rows[m["figure"]] is None else ["none within 2 s"] * 2
        if best:
            cells = [f'{need(year[at], best[0] / best[1])} cores' for at in ("average_at_once", "peak_at_once")]
        paper.append([m["name"], m["window"], *cells])
    for one in reckoned["elsewhere"]:
        cells = [f'{need(year[at], gpus[one["name"]])} × {one["hardware"].removeprefix("one ")}, on paper'
                 for at in ("average_at_once", "peak_at_once")]
        paper.append([one["name"], "full", *cells])
    lines += table(["model", "window", "on average", "at peak"], paper)
    (DOCS / "capacity.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
