"""What the measurements stand on: sound, a Mosquitto, a virtual microphone, and the node's own process."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from brokers import Mosquitto
from virtual_microphone import DEVICE, NEEDED, VirtualMicrophone

from monitor.sources.demo import DemoSource
from monitor.types import RATE_HZ, AudioBlock

PROGRAM = (sys.executable, "-c", "import sys; sys.modules['scipy'] = None; from monitor.app.cli import main; main()")
"""The node as it is installed: without SciPy, which peers of the benchmarks bring along and numba would load."""
SITE = "bench"
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
SCENE_S = 560
"""The walk of the demo scene, twice, s."""


def check_tools() -> None:
    """End with a sentence where something needed is missing."""
    if missing := [tool for tool in ("mosquitto", "cpulimit", *NEEDED) if shutil.which(tool) is None]:
        raise SystemExit(f"missing: {', '.join(missing)} (apt packages mosquitto, cpulimit, pulseaudio-utils)")


def write_scene(path: Path, seconds: float) -> None:
    """Write the demo scene, over and over, as FLAC or WAV."""
    source = DemoSource(realtime=False)
    blocks = [source.read(0) for _ in range(10 * round(min(seconds, SCENE_S)))]
    scene = np.concatenate([b.pressure_pa for b in blocks if isinstance(b, AudioBlock)])
    scene /= source.calibration.full_scale_pa
    left = round(seconds * RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, subtype="PCM_16") as sound:
        while left > 0:
            sound.write(scene[:left])
            left -= len(scene)


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Run a Mosquitto of our own; give its URL."""
    mosquitto = Mosquitto(folder / "mosquitto")
    try:
        yield mosquitto.url
    finally:
        mosquitto.stop()


@contextmanager
def microphone(folder: Path, sound: Path) -> Iterator[dict[str, str]]:
    """Run a virtual microphone that hears a file once; give the environment in which it is the default device."""
    room = folder / "room"
    room.mkdir()
    heard = VirtualMicrophone(room)
    try:
        heard.start()
        heard.play(sound)
        yield heard.environment
    finally:
        heard.close()


class Node:
    """A node in a process of its own, with defaults but for its name, its broker and its device."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *options: str,
        name: str = "node",
        environment: Mapping[str, str] | None = None,
        output: int = subprocess.DEVNULL,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "monitor.toml"
        config.write_text(config_text(url, name, microphone=environment is not None))
        self.name, self._log = name, folder / "log"
        command = [*PROGRAM, "run", "--config", str(config), "--state", str(folder), "--dashboard", "off", *options]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=log, text=True, env=os.environ | dict(environment or {})
            )

    def resident_mb(self) -> float | None:
        """Resident memory, MB; None when the process has ended."""
        memory = self.memory_mb()
        return None if memory is None else memory[0]

    def memory_mb(self) -> tuple[float, float] | None:
        """Resident memory, and what of it is the process's own (not of files, which the system takes and gives), MB."""
        try:
            _, resident, shared, *_ = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        except (OSError, ValueError):
            return None
        pages = int(resident)
        return (pages * PAGE / 1e6, (pages - int(shared)) * PAGE / 1e6) if pages else None

    def cpu_s(self) -> float:
        """CPU time so far, s."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def check(self) -> None:
        """End with the node's own words when it has ended by itself."""
        if self.process.poll() not in (None, 0):
            raise SystemExit(f"the node ended: {self._log.read_text()}")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def config_text(url: str, name: str, *, microphone: bool) -> str:
    """Return a configuration: all defaults but the broker, the name and the device."""
    device = f'[audio]\ndevice = "{DEVICE}"\n' if microphone else ""
    return f'[node]\nsite = "{SITE}"\nname = "{name}"\n{device}[mqtt]\nurl = "{url}"\n'
