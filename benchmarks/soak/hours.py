"""Hours of audio through the full pipeline as fast as it goes: memory from hour one on, and every message."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from brokers import Mosquitto

from benchmarks.soak.ear import Ear
from benchmarks.soak.long import LongRun, resident_mb, slope_mb_per_day
from benchmarks.soak.rig import PROGRAM
from benchmarks.soak.witness import Witness
from monitor.settings import MqttSettings
from monitor.types import RATE_HZ

SITE, NODE = "soak", "hours"


def write_hours(programme: Path, path: Path, hours: float) -> None:
    """Write the first minute of the programme over and over, now louder, now quieter."""
    sound, _ = soundfile.read(programme, frames=60 * RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, subtype="PCM_16") as file:
        for minute in range(round(60 * hours)):
            file.write(sound * 10 ** (-(1 + np.sin(minute / 7)) / 2))


def hours(length: float, programme: Path, advance: Callable[[float], None]) -> LongRun:
    """Run so many hours of audio through a node with a broker; `advance` is told the hours done."""
    run = LongRun(f"{length:g} h of audio, --fast")
    with tempfile.TemporaryDirectory(prefix="hours-") as name:
        folder = Path(name)
        write_hours(programme, folder / "hours.flac", length)
        broker = Mosquitto(folder / "broker")
        ear = Ear(MqttSettings(url=broker.url), SITE, NODE, Witness())
        config = folder / "monitor.toml"
        config.write_text(f'[node]\nsite = "{SITE}"\nname = "{NODE}"\n[mqtt]\nurl = "{broker.url}"\nlive = "off"\n')
        (folder / "state").mkdir()
        command: list[str | Path] = [
            PROGRAM,
            "run",
            "--source",
            folder / "hours.flac",
            "--fast",
            "--json",
            "--config",
            config,
        ]
        process = subprocess.Popen(
            [*command, "--state", folder / "state"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        told = minutes = 0
        memory: list[tuple[float, float]] = []
        assert process.stdout is not None
        for line in process.stdout:
            told += 1
            if json.loads(line)["type"] == "MinuteSummary":
                minutes += 1
                if mb := resident_mb(process.pid):
                    memory.append((minutes / 60, mb))
                advance(minutes / 60)
        status, used_s = ended(process)
        ear.drained(told)
        heard = sum(len(numbers) for numbers in ear.numbers.values())
        ear.close()
        broker.stop()
    run.figures["messages lost"] = f"{told - heard} of {told}"
    run.figures["minutes told"] = f"{minutes} of {round(60 * length)}"
    run.figures["resident after an hour, at the end, MB"] = (
        f"{at_hour(memory, 1)}, {memory[-1][1]:.1f}" if memory else "-"
    )
    run.figures["memory slope, MB a day of audio"] = slope_mb_per_day(memory)
    run.figures["CPU, ms per audio second"] = f"{1000 * used_s / (3600 * length):.1f}"
    if status:
        run.failures.append(f"the node ended with exit code {status}")
    if told != heard:
        run.failures.append(f"{told - heard} messages were lost")
    if minutes != round(60 * length):
        run.failures.append("minutes are missing")
    return run


def at_hour(memory: list[tuple[float, float]], hour: float) -> str:
    """Return the resident memory when so much was heard, MB."""
    return next((f"{mb:.1f}" for heard, mb in memory if heard >= hour), "-")


def ended(process: "subprocess.Popen[str]") -> tuple[int, float]:
    """Wait for a process; return its exit code and the CPU time that it used, s."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime
