"""CPU time by stage, and memory over hours of sound, both as fast as it goes."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from benchmarks.node.rig import Node, broker, config_text, write_scene
from monitor.app.config import load
from monitor.app.node import Options, assemble

Advance = Callable[[float], None]
STAGES = ("hear", "infer", "summarise", "publish")


def by_stage(folder: Path, minutes: float, advance: Advance) -> dict[str, float]:
    """Run the demo scene through the pipeline in this process; return ms of CPU per audio second by stage, and in all.

    Loading is left out. `advance` is called with the minutes of sound that are done.
    """
    sound, config = folder / "scene.flac", folder / "monitor.toml"
    write_scene(sound, 60 * minutes)
    used: dict[str, float] = {}
    with ExitStack() as stack:
        config.write_text(config_text(stack.enter_context(broker(folder)), "stages", microphone=False))
        options = Options(str(sound), fast=True, state=folder / "state")
        node = assemble(load(config), options, lambda record: advance(type(record).__name__ == "MinuteSummary"), stack)
        before = time.process_time() - time.thread_time()
        node.pipeline.start()
        while node.pipeline.running:
            for thread in threading.enumerate():
                if thread.name in STAGES and thread.ident is not None:
                    used[thread.name] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            time.sleep(0.1)
        total = time.process_time() - time.thread_time() - before
    if node.pipeline.failure:
        raise SystemExit(f"the pipeline failed: {node.pipeline.failure}")
    return {name: 1000 * used[name] / (60 * minutes) for name in STAGES} | {"all": 1000 * total / (60 * minutes)}


def memory(folder: Path, hours: float, advance: Advance, readings: TextIO | None = None) -> dict[str, float | None]:
    """Run hours of the demo scene through a node of its own; return MB resident, and their growth in a day of sound.

    The node has an external broker, the template narrator and no dashboard. The slope is that of the straight line
    through the readings of every minute, from the first hour on and of the second half. The process's own is what no
    file stands behind. `readings` gets a line a minute: its number, MB resident, and MB of the process's own.
    """
    sound = folder / "hours.flac"
    write_scene(sound, 3600 * hours)
    with broker(folder) as url:
        node = Node(folder, url, "--source", str(sound), "--fast", "--json", output=subprocess.PIPE)
        assert node.process.stdout is not None
        found: list[tuple[float, float]] = []
        cpu_s = [0.0]
        for line in node.process.stdout:
            if json.loads(line)["type"] == "MinuteSummary" and (held := node.memory_mb()) is not None:
                found.append(held)
                cpu_s.append(node.cpu_s())
                if readings:
                    print(len(found), *(round(mb, 2) for mb in held), sep=",", file=readings, flush=True)
                advance(1)
        node.process.wait()
        node.check()
    resident, own = np.array(found).T
    return {
        "sound, h": hours,
        "resident after 10 min, MB": round(float(resident[min(10, len(found) - 1)]), 1),
        "resident after an hour, MB": round(float(resident[60]), 1) if len(found) > 60 else None,
        "resident at the end, MB": round(float(resident[-1]), 1),
        "most, MB": round(float(resident.max()), 1),
        "the process's own at the end, MB": round(float(own[-1]), 1),
        "slope from the first hour on, MB per day of sound": _slope(resident, 60),
        "the same of the second half": _slope(resident, len(resident) // 2),
        "slope of the process's own from the first hour on": _slope(own, 60),
        "the same of its second half": _slope(own, len(own) // 2),
        "CPU of a process, ms per audio second": round(1000 * (cpu_s[-1] - cpu_s[1]) / (60 * (len(found) - 1)), 2),
    }


def _slope(readings: NDArray[np.float64], since: int) -> float | None:
    """Return the slope from a minute on, MB per day; None for less than an hour of it."""
    late = readings[since:]
    return round(float(np.polyfit(np.arange(len(late)) / 1440, late, 1)[0]), 2) if len(late) >= 60 else None
