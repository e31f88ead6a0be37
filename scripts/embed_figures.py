#!/usr/bin/env python3
"""Measures the pane in a case system's frame (notes-api/pane/e2e/measure-embed.mjs) and writes its keys to docs/benchmarks.json
as the other targets do (tests/src/figures.rs)."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

from figures import DOCS, load

ROOT = DOCS.parent
PANE = ROOT / "notes-api/pane"


def measure():
    """-> what the last line of the stories says."""
    done = subprocess.run(["node", "e2e/measure-embed.mjs"], cwd=PANE, capture_output=True, text=True, timeout=600)
    sys.stderr.write(done.stdout + done.stderr)
    if done.returncode != 0:
        sys.exit("not measured: a story went wrong")
    return json.loads(done.stdout.splitlines()[-1])


def write(values):
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
            "value": value, "unit": unit, "goal": goals[key], "n": n, "command": "make bench-embed",
            "commit": commit.stdout.strip(), "machine": machine, "date": datetime.date.today().isoformat(), **more,
        }
    path.write_text(json.dumps(measured, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    found = measure()
    sent = found["sent"]
    write({
        "pane.messages_sent": (sent, "messages", sent, {"kinds": found["kinds"]}),
        "pane.messages_accepted": (found["accepted"], "messages", sent, {}),
        "pane.host_page_lines": (found["host_page_lines"], "lines", 1, {}),
    })


if __name__ == "__main__":
    main()
