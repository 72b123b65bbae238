"""Runs all benchmarks beside their peers and writes docs/performance.md: python -m benchmarks [NAME ...]."""

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
PARTS = {
    "dsp": "Acoustics against MoSQITo, SciPy and librosa",
    "model": "The network: incremental against the full window, and against the published pipeline",
    "node": "The whole node",
}
"""Module below benchmarks/, and what it measures."""

INTRODUCTION = """# Performance

Printed by `make bench` (`python -m benchmarks`). Each part is one run on one machine with its peers beside it: trust
the ratios more than the figures.
"""


def machine() -> str:
    """Return the machine in words, without its name."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run(name: str) -> str:
    """Return what a benchmark prints; its progress and its faults go straight to standard error."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"benchmarks.{name} failed")
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return done.stdout.strip()


def main() -> None:
    """Measure, print and write the page; parts that are not asked for keep what the page says of them."""
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join(PARTS)}")
    before = PAGE.read_text() if PAGE.exists() else ""
    pages = [INTRODUCTION]
    for name, title in PARTS.items():
        if name in wanted:
            text = run(name)
            body = text if "|" in text else f"```text\n{text}\n```"
            shown = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; `python -m benchmarks.{name}`\n\n{body}\n"
        else:
            shown = before.partition(f"## {title}\n\n")[2].partition("\n## ")[0].strip() + "\n"
        pages.append(f"## {title}\n\n{shown}")
    PAGE.write_text("\n".join(pages))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
