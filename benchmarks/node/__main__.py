"""The whole node: CPU by stage, memory, start-up, latency, and life on a quarter of a core.

python -m benchmarks.node                     everything (about 20 minutes)
python -m benchmarks.node memory --hours 24   one part, at length
Figures hold for the machine they were printed on, and for a quiet one: what else runs shows in all but the CPU times.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.node import fast, live
from benchmarks.node.rig import check_tools

PARTS = ("cpu", "memory", "start", "latency", "slow")
SHARE_PCT = 25
Tables = dict[str, Mapping[str, float | None]]


def measure(options: argparse.Namespace, progress: Progress) -> Tables:
    """Return the tables of the parts that were asked for."""
    found: Tables = {}

    def advance(name: str, total: float) -> fast.Advance:
        task = progress.add_task(name, total=total)
        return lambda step: progress.advance(task, step)

    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="bench-") as made:
            folder = Path(made)
            load = {"load average before": round(os.getloadavg()[0], 1)}
            if part == "cpu":
                stages = fast.by_stage(folder, options.minutes, advance("CPU by stage", options.minutes))
                found["CPU of the pipeline alone, ms per audio second"] = {
                    name: round(ms, 2) for name, ms in stages.items()
                }
                found["the same, s per audio hour"] = {name: round(3.6 * ms, 1) for name, ms in stages.items()}
            elif part == "memory":
                found["memory"] = fast.memory(
                    folder, options.hours, advance("memory", 60 * options.hours), options.readings
                )
            elif part == "start":
                found["start-up"] = load | live.start_up(options.starts, advance("start-up", options.starts))
            elif part == "latency":
                shown = advance("latency", options.live)
                found["real time"] = load | live.latency(options.nodes, options.live, shown)
            else:
                title = f"real time, {SHARE_PCT} % of one core"
                found[title] = load | live.slow(options.slow, SHARE_PCT, advance("slow", options.slow))
    return found


def printed(found: Tables) -> str:
    """Return the tables as Markdown."""
    lines: list[str] = []
    for title, table in found.items():
        lines += ["", f"| {title} | |", "| --- | --- |"]
        lines += [f"| {name} | {'-' if value is None else f'{value:g}'} |" for name, value in table.items()]
    return "\n".join(lines[1:])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--minutes", type=float, default=10, help="sound for CPU by stage, min")
    parser.add_argument("--hours", type=float, default=3, help="sound for memory, h")
    parser.add_argument(
        "--readings", type=argparse.FileType("w"), metavar="CSV", help="where memory keeps each minute's reading, MB"
    )
    parser.add_argument("--starts", type=int, default=7, help="starts for start-up")
    parser.add_argument("--nodes", type=int, default=12, help="nodes side by side for latency")
    parser.add_argument("--live", type=int, default=9, help="real time for latency, min")
    parser.add_argument("--slow", type=float, default=130, help="real time on a part of a core, s")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(PARTS)}")
    check_tools()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        found = measure(options, progress)
    print(json.dumps(found) if options.json else printed(found))


if __name__ == "__main__":
    main()
