"""What the virtual microphone hears: the demo scene, over and over."""

import subprocess
import threading
from pathlib import Path

import numpy as np
import soundfile
from virtual_microphone import VirtualMicrophone

from monitor.sources.demo import DemoSource
from monitor.types import RATE_HZ, AudioBlock

PROGRAMME_S = 120


def write_programme(path: Path) -> None:
    """Write two minutes of the demo scene, for the microphone to hear over and over."""
    source = DemoSource(realtime=False)
    blocks = [source.read(0) for _ in range(10 * PROGRAMME_S)]
    sound = np.concatenate([b.pressure_pa for b in blocks if isinstance(b, AudioBlock)])
    soundfile.write(path, sound / source.calibration.full_scale_pa, RATE_HZ, subtype="PCM_16")


class Speaker:
    """Plays into the microphone over and over, as soon as it can be heard again."""

    def __init__(self, microphone: VirtualMicrophone, programme: Path) -> None:
        self._microphone, self._programme = microphone, programme
        self._stop = threading.Event()
        self._playing: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._play, name="speaker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Be silent."""
        self._stop.set()
        if self._playing is not None:
            self._playing.kill()
        self._thread.join(10)

    def _play(self) -> None:
        while not self._stop.is_set():
            self._playing = self._microphone.play(self._programme)
            self._playing.wait()
            self._stop.wait(0.05)
