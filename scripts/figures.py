#!/usr/bin/env python3
"""Prints each figure beside its goal, and which are missing or short. It reports and never fails: a figure that falls
short is a fact to look at, not a broken build."""
import json
import pathlib
import sys
import tomllib

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"


def load():
    """-> groups of docs/figures.toml, {key: measured} of docs/benchmarks.json (empty before the first run)."""
    groups = tomllib.loads((DOCS / "figures.toml").read_text(encoding="utf-8"))["group"]
    path = DOCS / "benchmarks.json"
    measured = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return groups, measured


def meets(value, goal):
    """-> True, False, or None where the goal is only to report."""
    if goal == "reported":
        return None
    sign, bound = goal.split()
    bound = float(bound)
    return {"<=": value <= bound, ">=": value >= bound, "=": value == bound}[sign]


def show(value):
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.0f}"


def verdict(row, goal):
    if row is None:
        return "missing"
    return {True: "met", False: "short", None: "reported"}[meets(row["value"], goal)]


def main():
    groups, measured = load()
    figures = [figure for group in groups for figure in group["figure"]]
    width = max(len(figure["key"]) for figure in figures)
    for figure in figures:
        row = measured.get(figure["key"])
        value = f'{show(row["value"])} {figure["unit"]}'.strip() if row else "-"
        print(f'{figure["key"]:{width}}  {value:>14}  {figure["goal"]:>10}  {verdict(row, figure["goal"])}')
    for word in ("missing", "short"):
        keys = [f["key"] for f in figures if verdict(measured.get(f["key"]), f["goal"]) == word]
        print(f'{word}: {", ".join(keys) if keys else "none"}')
    known = {figure["key"] for figure in figures}
    others = sorted(set(measured) - known)
    if others:
        print(f'measured, without a goal in docs/figures.toml: {", ".join(others)}')


if __name__ == "__main__":
    sys.exit(main())
