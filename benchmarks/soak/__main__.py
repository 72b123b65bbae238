"""Faults put into the real pipeline, hours of audio, a week of observations.

python -m benchmarks.soak                                       everything (about an hour)
python -m benchmarks.soak --fault broker-killed --times 10      chosen faults alone
python -m benchmarks.soak --fault all                           all faults without the long runs
python -m benchmarks.soak --hours 6 --days 7                    long runs alone
python -m benchmarks.soak --quick                               a short form (about a minute)

Needs mosquitto, pulseaudio and, for the clock, libfaketime. Exit code 1 when a fault was not detected or not recovered
from, or a message was lost; 69 when something needed is missing.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from benchmarks.soak import inside, outside
from benchmarks.soak.cycle import Fault, Outcome, briefly, series
from benchmarks.soak.dst import dst
from benchmarks.soak.hours import hours
from benchmarks.soak.long import LongRun
from benchmarks.soak.rig import Rig, warm_up
from benchmarks.soak.speaker import write_programme
from benchmarks.soak.table import print_long, print_outcomes
from benchmarks.soak.week import seconds_of, week
from benchmarks.soak.witness import NotSeen

FAULTS: dict[str, Callable[[Path, ExitStack], Fault]] = {
    "mic-unplugged": outside.unplugged,
    "mic-suspended": outside.suspended,
    "mic-frozen": outside.frozen,
    "mic-hung": outside.hung,
    "broker-killed": outside.broker_killed,
    "broker-frozen": outside.broker_frozen,
    "broker-refusing": outside.broker_refusing,
    "broker-denying": outside.broker_denying,
    "llm-hanging": outside.llm_hanging,
    "disk-full": inside.disk_full,
    "history-locked": inside.history_locked,
    "clock-forward": inside.clock_forward,
    "clock-back": inside.clock_back,
    "clock-2s-back": inside.clock_slightly_back,
    "cpu-starved": inside.cpu_starved,
    "kill-9": inside.killed,
    "sigterm": inside.terminated,
}
NAMES = (*FAULTS, "dst")
ALL = "all"
SLOW = ("clock-back", "clock-2s-back", "llm-hanging", "broker-frozen")
"""Begun first: a cycle takes longer than a minute."""
QUICK = ("mic-unplugged", "broker-killed", "kill-9", "sigterm")
QUICK_DAYS = 0.125
NEEDED = ("mosquitto", "pulseaudio", "pactl", "paplay")
PATH = f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}"
Advance = Callable[[], None]


def repeat(name: str, times: int, folder: Path, programme: Path, advance: Advance) -> Outcome:
    """Put in one fault many times, on a rig of its own."""
    if name == "dst":
        folder.mkdir()
        return dst(times, folder, programme, advance)
    with ExitStack() as stack:
        fault = FAULTS[name](folder, stack)
        rig = Rig(
            folder, programme, config=fault.config, audio=fault.audio,
            environment=fault.environment, launcher=fault.launcher,
        )  # fmt: skip
        try:
            return series(stack.enter_context(rig), fault, times, advance)
        except NotSeen as missed:
            return Outcome(name, fault.what, failures=[f"the rig: {missed}"])


def short(folder: Path, programme: Path, advance: Advance) -> list[Outcome]:
    """Put in the quick faults once each, on one rig."""
    with ExitStack() as stack:
        faults = [FAULTS[name](folder, stack) for name in QUICK]
        return briefly(stack.enter_context(Rig(folder, programme)), faults, advance)


def run(options: argparse.Namespace, progress: Progress) -> tuple[list[Outcome], list[LongRun]]:
    """Run what was asked for, `--jobs` at a time."""

    def task(name: str, total: float) -> tuple[Advance, Callable[[float], None]]:
        """Show a run; return what moves it on by one, and what moves it to a figure."""
        shown = progress.add_task(name, total=total)
        return lambda: progress.advance(shown), lambda done: progress.update(shown, completed=done)

    with tempfile.TemporaryDirectory(prefix="soak-") as temporary, ThreadPoolExecutor(options.jobs) as pool:
        folder = Path(temporary)
        programme = folder / "programme.wav"
        write_programme(programme)
        warm_up(programme)
        long: list[Future[LongRun]] = []
        outcomes: list[Outcome] = []
        if options.days:
            long.append(pool.submit(week, options.days, task("days", seconds_of(options.days) / 3600)[1]))
        if options.hours:
            long.append(pool.submit(hours, options.hours, programme, task("hours", options.hours)[1]))
        if options.quick:
            outcomes = short(folder / "quick", programme, task("quick faults", len(QUICK))[0])
        tasks = {name: task(name, options.times)[0] for name in options.fault}
        running = {
            name: pool.submit(repeat, name, options.times, folder / name, programme, tasks[name])
            for name in sorted(tasks, key=lambda name: name not in SLOW)
        }
        return outcomes + [running[name].result() for name in tasks], [future.result() for future in long]


def give_up(number: int, frame: object) -> None:
    """End at once, with all that was started: asked to end, nobody waits for an hour's faults to be over."""
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
    os._exit(128 + number)


def main() -> int:
    """Run, print, and say by the exit code how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = f"{ALL}, or {', '.join(NAMES)}"
    parser.add_argument("--fault", action="append", choices=(ALL, *NAMES), metavar="NAME", help=names)
    parser.add_argument("--times", type=int, default=10, help="how often each fault is put in")
    parser.add_argument("--hours", type=float, help="audio through the full pipeline, h")
    parser.add_argument("--days", type=float, help="synthetic observations, days")
    parser.add_argument("--jobs", type=int, default=6, help="runs at a time, each with a node of its own")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.fault, options.days = options.fault or [], QUICK_DAYS if options.days is None else options.days
    elif options.fault is options.hours is options.days is None:
        options.fault, options.hours, options.days = [ALL], 6.0, 7.0
    options.fault = list(NAMES) if ALL in (options.fault or []) else options.fault or []
    if missing := [tool for tool in NEEDED if shutil.which(tool, path=PATH) is None]:
        print(f"the soak needs {', '.join(missing)} (apt: mosquitto pulseaudio pulseaudio-utils)", file=sys.stderr)
        return 69
    if inside.FAKETIME is None and any(name.startswith("clock") for name in options.fault):
        print("setting the node's clock needs libfaketime (apt: faketime)", file=sys.stderr)
        return 69
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, give_up)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        outcomes, long = run(options, progress)
    if options.json:
        print(json.dumps([o.as_json() for o in outcomes] + [r.as_json() for r in long], default=str))
    else:
        print_outcomes(outcomes)
        print_long(long)
    return 0 if all(o.good for o in outcomes) and all(r.good for r in long) else 1


if __name__ == "__main__":
    sys.exit(main())
