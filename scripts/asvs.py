#!/usr/bin/env python3
"""Holds docs/security/asvs.csv against the sources: every requirement of OWASP ASVS 5.0.0, level 1 and 2, stands there once, with
a status, and with evidence that exists; and so do the tests that the documents beside it name. Prints the shares; with --write it writes their keys to docs/benchmarks.json.

Evidence is the name of something that fails when the claim is broken, several parted by "; ":
    notes-api::suite::http::the_token_is_good_once    package :: file, without src, tests, main and mod :: test
    pane test: no order of events changes what was typed    notes-api/pane/test/*.test.ts
    pane e2e: save                                    notes-api/pane/e2e/*.mjs
    make: bans                                        a target that `make test` runs
"""
import csv
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
from collections import Counter

from figures import DOCS, load, show

ROOT = DOCS.parent
STATUSES = ("met", "partly", "fails", "not_applicable", "planned")
# What is being built, by the first words of the note; a row that waits for something else is no plan.
PLANS = ("login", "launch", "embedding", "webhooks", "retention", "no browser storage", "trusted types")
# How many requirements ASVS 5.0.0 has of each level; those of level 3 are not in the table.
LEVELS = {"1": 70, "2": 183}
NO_NAMES = {"src", "tests", "main", "mod", "lib"}


def rust_tests():
    """-> {package::file::test} of every crate; `on_both!` of the suite makes tests of what it lists."""
    found = set()
    for path in ROOT.glob("*/**/*.rs"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in ("target", "dist") or "node_modules" in parts:
            continue
        text = path.read_text(encoding="utf-8")
        place = [parts[0], *(part for part in parts[1:] if part not in NO_NAMES)]
        names = re.findall(r"#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)", text)
        for listed in re.findall(r"^on_both! \{(.*?)^\}", text, re.S | re.M):
            names += re.findall(r"(\w+::\w+),", listed)
        found |= {"::".join([*place, name]) for name in names}
    return found


def pane(folder, pattern):
    """-> titles of the pane's own tests."""
    files = (ROOT / "notes-api/pane" / folder).glob("*.*")
    titles = (re.findall(pattern, path.read_text(encoding="utf-8")) for path in files if path.is_file())
    return {title.replace("\\'", "'") for of_file in titles for title in of_file}


def make_targets():
    """-> targets that `make test` runs, directly or by another."""
    rules = dict(re.findall(r"^([a-z-]+):([^\n=#]*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    found, open_ = set(), ["test"]
    while open_:
        target = open_.pop()
        if target not in found and target in rules:
            found.add(target)
            open_ += rules[target].split()
    return found - {"test"}


def everything():
    return (
        rust_tests()
        | {f"pane test: {title}" for title in pane("test", r"test\('((?:[^'\\]|\\.)+)'")}
        | {f"pane e2e: {title}" for title in pane("e2e", r"(?:story|hosted|among)\(\s*'([^']+)'")}
        | {f"make: {target}" for target in make_targets()}
    )


def evidence(row):
    return [name.strip() for name in row["evidence"].split(";") if name.strip()]


def faults(rows, there):
    """-> a sentence for everything that is wrong with the table."""
    found = [f'{id_} stands {n} times' for id_, n in Counter(row["id"] for row in rows).items() if n > 1]
    found += [f'there are {LEVELS[level]} requirements of level {level}, and {n} rows'
              for level, n in Counter(row["level"] for row in rows).items() if n != LEVELS.get(level)]
    for row in rows:
        id_, note = row["id"], row["note"]
        if not re.fullmatch(r"V([1-9]|1[0-7])\.[1-9]\.[1-9]\d?", id_):
            found.append(f"{id_} is no requirement")
        if row["status"] not in STATUSES:
            found.append(f'{id_}: "{row["status"]}" is none of {", ".join(STATUSES)}')
        if not row["what"].strip() or (not note.strip() and not evidence(row)):
            found.append(f"{id_} says neither why nor by what")
        if row["status"] == "planned" and not note.startswith(PLANS):
            found.append(f'{id_} is planned: its note begins with one of {", ".join(PLANS)}')
        found += [f'{id_}: nothing is called "{name}"' for name in evidence(row) if name not in there]
    return found


def in_documents(there):
    """-> a sentence for each test that a document for an authority names and that is not there."""
    files = [*(DOCS / "security").glob("*.md"), *(DOCS / "privacy").glob("*.md")]
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in files)
    named = ((file, name) for file, text in texts for name in re.findall(r"`([a-z-]+(?:::\w+)+)`", text))
    # A test's name is a sentence; what is shorter is a module or a type.
    return [f'{file} names "{name}", which is no test'
            for file, name in named if name.rsplit("::", 1)[1].count("_") >= 3 and name not in there]


def write(values):
    """Writes the keys as the other targets do (tests/src/figures.rs)."""
    goals = {figure["key"]: figure["goal"] for group in load()[0] for figure in group["figure"]}
    ask = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True)
    model = re.search(r"^model name\s*: (.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    machine = f'{len(os.sched_getaffinity(0))} cores, {model[1] if model else ""}, {-(-int(memory[1]) // 1024**2)} GiB'
    path = DOCS / "benchmarks.json"
    measured = json.loads(path.read_text(encoding="utf-8"))
    for key, (value, unit, n, more) in values.items():
        measured[key] = {
            "value": round(value, 4), "unit": unit, "goal": goals[key], "n": n, "command": "make asvs",
            "commit": commit.stdout.strip(), "machine": machine, "date": datetime.date.today().isoformat(), **more,
        }
    path.write_text(json.dumps(measured, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    with open(DOCS / "security/asvs.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    there = everything()
    wrong = faults(rows, there) + in_documents(there)
    if wrong:
        sys.exit("docs/security/asvs.csv: " + "; ".join(wrong))
    count = Counter(row["status"] for row in rows)
    applicable = len(rows) - count["not_applicable"]
    shown = sum(row["status"] == "met" and bool(evidence(row)) for row in rows)
    share = shown / applicable
    print(f'{len(rows)} requirements: ' + ", ".join(f"{status} {count[status]}" for status in STATUSES))
    print(f"met, with evidence: {shown} of {applicable} that apply ({show(share)})")
    notes = (row["note"] for row in rows if row["status"] == "planned")
    plans = Counter(next(plan for plan in PLANS if note.startswith(plan)) for note in notes)
    if plans:
        print("planned: " + ", ".join(f"{plan} {n}" for plan, n in plans.most_common()))
    if "--write" in sys.argv[1:]:
        more = {"met": count["met"], "partly": count["partly"], "planned": count["planned"]}
        write({
            "asvs.l2.evidence_share": (share, "share", applicable, more),
            "asvs.l2.fails": (count["fails"], "requirements", applicable, {}),
        })


if __name__ == "__main__":
    main()
