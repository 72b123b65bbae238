"""The whole node: CPU per audio second by stage, memory, start-up, latency, and life on a quarter of a core.

python -m benchmarks.node [--minutes M] [--live S] prints the tables; figures hold for the machine they were printed on.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile

from monitor.app.config import find, load
from monitor.app.node import Options, assemble
from monitor.app.stages import Stage
from monitor.publish.follow import Follower
from monitor.publish.messages import MinuteMessage, SnapshotMessage
from monitor.settings import MqttSettings
from monitor.types import RATE_HZ

PROGRAM = Path(sys.executable).parent / "soundscape-monitor"
TICK = os.sysconf("SC_CLK_TCK")
NODE = f"node{os.getpid()}"
"""Another node may use the same demo broker."""


def thread_cpu_s(native_id: int) -> float | None:
    """Return the CPU time of a thread of this process, s, or None when it has ended."""
    try:
        fields = Path(f"/proc/self/task/{native_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICK


def by_stage(minutes: float) -> dict[str, float]:
    """Run the demo scene fast through the pipeline; return ms of CPU per audio second by stage, and in all."""
    seconds = 60 * minutes
    with ExitStack() as stack:
        node = assemble(load(find(None)), Options("demo", fast=True, duration_s=seconds), lambda record: None, stack)
        before = time.process_time()
        node.pipeline.start()
        used: dict[str, float] = {}
        while node.pipeline.running:
            for thread in threading.enumerate():
                if (
                    isinstance(thread, Stage)
                    and thread.native_id
                    and (cpu := thread_cpu_s(thread.native_id)) is not None
                ):
                    used[thread.name] = cpu
            time.sleep(0.05)
        total = time.process_time() - before
    if node.pipeline.failure:
        raise SystemExit(f"the pipeline failed: {node.pipeline.failure}")
    return {name: 1000 * cpu / seconds for name, cpu in used.items()} | {"all": 1000 * total / seconds}


def memory(minutes: float) -> tuple[float, float, float]:
    """Run a file of noise through a node without broker and dashboard; return resident MB, early and late, and MB/h."""
    with tempfile.TemporaryDirectory() as state:
        clip = Path(state) / "noise.flac"
        noise = np.random.default_rng(1).normal(size=RATE_HZ) * 0.02
        with soundfile.SoundFile(clip, "w", RATE_HZ, 1) as sound:
            for second in range(round(60 * minutes)):
                sound.write(noise * (1 + 0.9 * np.sin(second / 5)))
        command = [PROGRAM, "run", "--source", clip, "--fast", "--state", state]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        samples: list[tuple[float, float]] = []
        started = time.monotonic()
        while process.poll() is None:
            try:
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                break
            if pages:  # none: it is ending
                samples.append((time.monotonic() - started, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
            time.sleep(0.2)
    late = [s for s in samples if s[0] > samples[-1][0] / 4]
    hours = minutes / 60 * 3 / 4
    return late[0][1], late[-1][1], (late[-1][1] - late[0][1]) / hours


def live(seconds: float, limit_pct: int | None = None) -> dict[str, float | str | None]:
    """Run the demo scene in real time with its demo broker, perhaps on a part of a core; return what was seen."""
    with tempfile.TemporaryDirectory() as state:
        config = Path(state) / "monitor.toml"
        config.write_text(f'[node]\nsite = "bench"\nname = "{NODE}"\n')
        command = [
            str(PROGRAM),
            "run",
            "--config",
            str(config),
            "--source",
            "demo",
            "--dashboard",
            "off",
            "--state",
            state,
        ]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        limiter = None
        if limit_pct is not None and (tool := shutil.which("cpulimit")):
            limiter = subprocess.Popen(
                [tool, "-q", "-l", str(limit_pct), "-p", str(process.pid)], stdout=subprocess.DEVNULL
            )
        try:
            seen = _observe(process, started, seconds)
        finally:
            if limiter is not None:
                limiter.terminate()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    return seen


def _observe(process: "subprocess.Popen[str]", started: float, seconds: float) -> dict[str, float | str | None]:
    first_level = first_prediction = None
    lags: list[float] = []
    last = None
    with Follower(MqttSettings(url="mqtt://127.0.0.1:1883", protocol="3.1.1"), site="bench", node=NODE) as follower:
        while time.monotonic() - started < seconds and process.poll() is None:
            for received in follower.receive(0.05):
                now = datetime.now().astimezone()
                if isinstance(received.message, SnapshotMessage):
                    last = received.message.result
                    if first_level is None and last.LAF is not None:
                        first_level = time.monotonic() - started
                    if first_prediction is None and last.scene.label is not None:
                        first_prediction = time.monotonic() - started
                elif isinstance(received.message, MinuteMessage) and received.kind == "data/minute":
                    result = received.message.result
                    lags.append((now - result.start - timedelta(seconds=result.duration_s)).total_seconds())
    lags.sort()
    return {
        "first level, s": first_level and round(first_level, 2),
        "first prediction, s": first_prediction and round(first_prediction, 2),
        "minutes": len(lags),
        "minute to message, ms (median)": round(1000 * lags[len(lags) // 2]) if lags else None,
        "minute to message, ms (largest)": round(1000 * lags[-1]) if lags else None,
        "hop at the end, s": None if last is None else last.health.hop_s,
        "gaps": None if last is None else last.health.gaps,
        "coverage, last minute": None if last is None else last.quality.coverage,
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="audio for CPU and memory, min")
    parser.add_argument("--live", type=float, default=130, help="real time for latency, s; 0: leave it out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, object] = {
        "CPU, ms per audio second": {k: round(v, 2) for k, v in by_stage(options.minutes).items()}
    }
    early, end, slope = memory(options.minutes)
    found["memory"] = {
        "after a quarter, MB": round(early, 1),
        "end, MB": round(end, 1),
        "slope, MB per audio hour": round(slope, 2),
    }
    if options.live:
        found["real time"] = live(options.live)
        found["real time, a quarter of one core"] = live(options.live, 25)
    if options.json:
        print(json.dumps(found))
        return
    for title, table in found.items():
        assert isinstance(table, dict)
        print(f"\n| {title} | |\n| --- | --- |")
        for name, value in table.items():
            print(f"| {name} | {'-' if value is None else value} |")


if __name__ == "__main__":
    main()
