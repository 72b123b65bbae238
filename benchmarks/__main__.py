"""Runs benchmarks and puts what they print on the page that has a section for them; nothing else on it changes.

python -m benchmarks                                      docs/performance.md without its long runs
python -m benchmarks "node latency" "soak --days 7"       chosen sections: what follows `python -m benchmarks.`
python -m benchmarks --printed days.md "soak --days 7"    what an earlier run has printed
"""

import argparse
import os
import platform
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import ROOT, page

USUAL = ("dsp", "model", "node cpu", "node memory", "node start", "node latency", "node slow")


def machine() -> str:
    """Return the machine in words, without its name."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run(section: str) -> str:
    """Return what a benchmark prints; its progress and its faults go straight to standard error."""
    print(f"{section} ...", file=sys.stderr, flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", *shlex.split(f"benchmarks.{section}")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout.strip())
    if done.returncode:
        raise SystemExit(f"benchmarks.{section} ended with exit code {done.returncode}; its section stays as it was")
    print(f"{section}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return done.stdout


def main() -> None:
    """Measure, print and put each section on its page as soon as it is done."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default: {', '.join(USUAL)}")
    parser.add_argument("--printed", type=Path, metavar="FILE", help="take what one section's command has printed")
    options = parser.parse_args()
    wanted, pages = options.sections or USUAL, page.sections()
    if unknown := [section for section in wanted if section not in pages]:
        parser.error(f"no page has a section for {', '.join(unknown)}; there are: {', '.join(pages)}")
    if options.printed and len(wanted) != 1:
        parser.error("--printed needs the one section that it belongs to")
    for section in wanted:
        if options.printed:
            text = options.printed.read_text(encoding="utf-8")
            when = f"{datetime.fromtimestamp(options.printed.stat().st_mtime, UTC):%Y-%m-%d}, {machine()}"
        else:
            text = run(section)
            when = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, load at the end {os.getloadavg()[2]:.0f}"
        body = text.strip() if "|" in text else f"```text\n{text.strip()}\n```"
        page.put(pages[section], section, f"{when}; `python -m benchmarks.{section}`\n\n{body}")


if __name__ == "__main__":
    main()
