"""A microphone made of software: a private PulseAudio server whose only source is what is played into a null sink."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NEEDED = ("pulseaudio", "pactl", "paplay")
SINK = "room"
DEVICE = "pulse"
"""Name under which PortAudio lists it."""


def wait_for(what: str, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait until a condition of another process holds, which has no event to wait for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {timeout_s} s")
        time.sleep(0.02)


class VirtualMicrophone:
    """Play into it what the microphone should hear; unplug, suspend, freeze or kill it.

    `norewinds=1` makes capture sample-exact. The server is reached through the environment alone, so that processes
    started with `environment` hear it and nothing else does.
    """

    def __init__(self, folder: Path, rate_hz: int = 48_000, channels: int = 1) -> None:
        self._folder, self._rate_hz, self._channels = folder, rate_hz, channels
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []
        self._module: str | None = None
        client = folder / "client.conf"
        client.write_text("autospawn = no\nenable-shm = no\n")
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_CLIENTCONFIG": str(client),
            "PULSE_SERVER": f"unix:{folder}/native",
            "HOME": str(folder),
        }

    def start(self) -> None:
        """Start the server and plug the microphone in."""
        for name in ("pulse", "state"):
            (self._folder / name).mkdir(exist_ok=True, mode=0o700)
        self._server = subprocess.Popen(
            [
                *(
                    "pulseaudio",
                    "-n",
                    "--daemonize=no",
                    "--exit-idle-time=-1",
                    "--use-pid-file=no",
                    "--disable-shm=yes",
                ),
                *("--realtime=no", "--high-priority=no", "--log-level=error"),
                f"--load=module-native-protocol-unix socket={self._folder}/native auth-anonymous=1",
            ],
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for("the PulseAudio server", lambda: self._control("info").returncode == 0)
        self.replug()

    def replug(self) -> None:
        """Plug the microphone in (again)."""
        made = self._control(
            *("load-module", "module-null-sink", f"sink_name={SINK}", "norewinds=1", f"rate={self._rate_hz}"),
            *(f"channels={self._channels}", "format=s16le"),
        )
        assert made.returncode == 0, made.stderr
        self._module = made.stdout.strip()
        self._control("set-default-source", f"{SINK}.monitor")

    def unplug(self) -> None:
        """Pull the plug."""
        assert self._module is not None and self._control("unload-module", self._module).returncode == 0
        self._module = None

    def suspend(self) -> None:
        """Make the device stop delivering, without a word."""
        assert self._control("suspend-sink", SINK, "1").returncode == 0

    def resume(self) -> None:
        """Make the device deliver again."""
        assert self._control("suspend-sink", SINK, "0").returncode == 0

    def freeze(self) -> None:
        """Stop the server, so that calls into it hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server run on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the server."""
        self._signal(signal.SIGKILL)
        assert self._server is not None
        self._server.wait()
        (self._folder / "native").unlink(missing_ok=True)

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Start playing a file into the microphone; the process ends when the file does."""
        player = subprocess.Popen(
            ["paplay", f"--device={SINK}", str(path)], env=os.environ | self.environment, stderr=subprocess.DEVNULL
        )
        self._players.append(player)
        return player

    def close(self) -> None:
        """End everything."""
        for player in self._players:
            player.kill()
            player.wait()
        if self._server is not None and self._server.poll() is None:
            self.thaw()
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(number)

    def _control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments], env=os.environ | self.environment, capture_output=True, text=True, timeout=10
        )


@contextlib.contextmanager
def virtual_microphone(rate_hz: int = 48_000, channels: int = 1) -> Iterator[VirtualMicrophone]:
    """Run a virtual microphone; skips the test, saying why, where PulseAudio or PortAudio is missing."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"a virtual microphone needs {', '.join(missing)} (apt packages pulseaudio, pulseaudio-utils)")
    with tempfile.TemporaryDirectory(prefix="mic-") as folder:
        microphone = VirtualMicrophone(Path(folder), rate_hz, channels)
        previous = {name: os.environ.get(name) for name in microphone.environment}
        microphone.start()
        os.environ.update(microphone.environment)
        if sounddevice := sys.modules.get("sounddevice"):  # which would still see the devices of another test
            sounddevice._terminate()
            sounddevice._initialize()
        try:
            yield microphone
        finally:
            microphone.close()
            for name, value in previous.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
