"""Faults of the machine the node runs on: disk, history, clock, processor, and the process itself."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.soak.cycle import Fault, levels
from benchmarks.soak.outside import HEARD, minute_told
from benchmarks.soak.rig import Rig
from benchmarks.soak.witness import Seen, says

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
SYNCHRONISED = (
    "import sys, monitor.clock as c; c.kernel_synchronised = lambda: True; "
    "from monitor.app.cli import main; sys.exit(main())"
)
"""The node, told that the kernel follows a time source: without one, it would not believe every step."""
STOPPED_S, RUNNING_S = 0.97, 0.03
"""A starved processor: the process is stopped and let go in turn."""


def disk_full(folder: Path, stack: ExitStack) -> Fault:
    """The state folder's disk (a small tmpfs) fills up; where none can be mounted, files may not grow any more."""
    state = folder / "state"
    state.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(state)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    if mounted:
        stack.callback(subprocess.run, ["umount", "-l", str(state)], check=False)

    def fill(rig: Rig) -> None:
        if mounted:
            with (state / "filler").open("wb") as filler:
                os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(state).free)
        else:
            resource.prlimit(rig.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def clear(rig: Rig) -> None:
        if mounted:
            (state / "filler").unlink()
        else:
            resource.prlimit(rig.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    return Fault(
        "disk-full",
        "nothing can be written" + ("" if mounted else " (RLIMIT_FSIZE)"),
        begin=fill,
        end=clear,
        shows=says("the disk|check the disk", *HEARD),
        over=lambda seen: seen.side in HEARD and not any(word in seen.text for word in ("disk", ".db", "lost")),
        hold=minute_told,
        at_turn=True,
        patience_s=130,
    )


def history_locked(folder: Path, stack: ExitStack) -> Fault:
    """Another process holds the lock of history.db while a minute is told."""
    held: list[sqlite3.Connection] = []

    def lock(rig: Rig) -> None:
        held.append(
            sqlite3.connect(rig.state / "history.db", isolation_level=None, check_same_thread=False, timeout=20)
        )
        held[-1].execute("BEGIN EXCLUSIVE")

    def release(rig: Rig) -> None:
        held[-1].execute("ROLLBACK")
        held.pop().close()

    return Fault(
        "history-locked",
        "another process holds the history",
        begin=lock,
        end=release,
        shows=says("history.db is held by another process", *HEARD),
        over=lambda seen: seen.side in HEARD and "history.db" not in seen.text,
        hold=minute_told,
        at_turn=True,
        patience_s=130,
    )


def _clock(name: str, what: str, step_s: float, folder: Path, shows: str, *, jumps: bool = True) -> Fault:
    """A step of the wall clock at random, made by libfaketime; jumps: the node's own time jumps with it."""
    file, offset, chance = folder / "faketime", [0.0], random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text("+0")

    def step(rig: Rig) -> None:
        offset[0] += step_s
        fresh = file.with_suffix(".new")
        fresh.write_text(f"{offset[0]:+.3f}")
        fresh.rename(file)

    def right(seen: Seen) -> bool:
        if seen.side != "snapshot" or "clock is not synchronised" in seen.text:
            return False
        late = datetime.now(UTC).timestamp() + offset[0] - seen.data.result.at.timestamp()
        return bool(abs(late) < 1.5)

    return Fault(
        name,
        what,
        begin=step,
        end=lambda rig: None,
        shows=says(shows, "log", *HEARD),
        over=right,
        before=lambda rig: time.sleep(chance.uniform(0, 40) if jumps else 0),
        shifts_clock=jumps,
        patience_s=240,
        environment={
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        },
        launcher=(sys.executable, "-c", SYNCHRONISED),
    )


def clock_forward(folder: Path, stack: ExitStack) -> Fault:
    """The wall clock jumps forward by 90 s."""
    return _clock("clock-forward", "the wall clock jumps by +90 s", 90, folder, "clock.step")


def clock_back(folder: Path, stack: ExitStack) -> Fault:
    """The wall clock jumps back by 90 s: minutes that are lived twice are told again."""
    return _clock("clock-back", "the wall clock jumps by -90 s", -90, folder, "clock.step")


def clock_slightly_back(folder: Path, stack: ExitStack) -> Fault:
    """The wall clock jumps back by 2 s: absorbed by running slow."""
    return _clock(
        "clock-2s-back", "the wall clock jumps by -2 s", -2, folder, "the clock is not synchronised", jumps=False
    )


def cpu_starved(folder: Path, stack: ExitStack) -> Fault:
    """The process gets 3 % of the time."""
    over = threading.Event()
    starving: list[threading.Thread] = []

    def starve(rig: Rig) -> None:
        process = rig.process
        over.clear()

        def bursts() -> None:
            while not over.is_set():
                process.send_signal(signal.SIGSTOP)
                over.wait(STOPPED_S)
                process.send_signal(signal.SIGCONT)
                over.wait(RUNNING_S)

        starving.append(threading.Thread(target=bursts, daemon=True))
        starving[-1].start()

    def feed(rig: Rig) -> None:
        over.set()
        starving.pop().join()

    stack.callback(over.set)
    return Fault(
        "cpu-starved",
        f"the process runs {RUNNING_S / (RUNNING_S + STOPPED_S):.0%} of the time",
        begin=starve,
        end=feed,
        shows=says("slow processor", *HEARD),
        over=lambda seen: levels(seen) and seen.data.result.health.hop_s == 2.0,
        patience_s=150,
    )


def killed(folder: Path, stack: ExitStack) -> Fault:
    """The node is killed with kill -9 at random."""
    chance = random.Random(7)

    def kill(rig: Rig) -> None:
        rig.process.kill()
        rig.process.wait()

    return Fault(
        "kill-9",
        "kill -9 of the node at random",
        begin=kill,
        end=lambda rig: rig.start(),
        shows=says("offline: connection lost", "status"),
        over=levels,
        before=lambda rig: time.sleep(chance.uniform(0, 20)),
        restarts=True,
    )


def terminated(folder: Path, stack: ExitStack) -> Fault:
    """The node is asked to end, and started again."""

    def ended(rig: Rig) -> None:
        with suppress(subprocess.TimeoutExpired):
            rig.process.wait(40)

    return Fault(
        "sigterm",
        "the node is asked to end",
        begin=lambda rig: rig.process.terminate(),
        end=lambda rig: rig.start(),
        shows=says("offline: stopped", "status"),
        over=levels,
        hold=ended,
        before=lambda rig: time.sleep(random.Random(len(rig.processes)).uniform(0, 20)),
        restarts=True,
    )
