"""The one thread that calls the audio system: it opens the device, watches over it, and opens it again, for ever."""

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from monitor.settings import AudioSettings
from monitor.sources.contract import AudioSystemHung
from monitor.sources.devices import DeviceAway, find_input, load_sounddevice
from monitor.sources.stream import DeviceStream

Result = TypeVar("Result")

REOPEN_S = 0.25
"""Time between attempts to open an absent device, s."""
WATCH_S = 0.05


class DeviceKeeper:
    """Keeps an input device open; what it opens is found in `streams`, in order, each with the cause of its end.

    Any call into the audio system may hang, so all are made by a thread that can be abandoned. The first device
    opened is kept to: another one, with another calibration, never takes its place. Raises DeviceError where
    PortAudio is missing.
    """

    def __init__(self, settings: AudioSettings) -> None:
        self._sd = load_sounddevice()
        self._settings = settings
        self.device: str | None = None
        """Stable name of the device, once it was opened."""
        self.state = "opening the microphone"
        self.streams: deque[DeviceStream] = deque()
        self.counters = dict.fromkeys(("opened", "stalls", "vanished", "suspended", "no_first_frame"), 0)
        self._delivered = False
        self._calling_since: float | None = None
        self._broken: BaseException | None = None
        self._tried, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep_open, name="microphone", daemon=True)
        self._thread.start()

    def wait_for_first_try(self) -> None:
        """Wait until the device was opened, or could not be."""
        self._tried.wait(self._settings.first_frame_s)

    def check(self) -> None:
        """Raise AudioSystemHung when a call has not returned in time, or what ended the thread."""
        if self._broken is not None:
            raise self._broken
        since = self._calling_since
        if since is not None and time.monotonic() - since > self._settings.hang_s:
            self._abandon()
            raise AudioSystemHung(
                f"The audio system has not answered for {self._settings.hang_s:g} s ({self.state}); "
                "the process has to be started afresh."
            )

    def close(self) -> None:
        """Let go of the device; a call that hangs is abandoned."""
        self._closed.set()
        self._thread.join(self._settings.first_frame_s)
        if self._thread.is_alive():
            self._abandon()

    def _abandon(self) -> None:
        """Let the process end although a call into the audio system hangs."""
        atexit.unregister(self._sd._exit_handler)

    def _keep_open(self) -> None:
        try:
            while not self._closed.is_set():
                stream = self._call(self._open)
                self._tried.set()
                if stream is not None:
                    self.streams.append(stream)
                    stream.ended = self._watch(stream)
                    self.state = f"reopening the microphone: {stream.device.name} ({stream.ended})"
                    self._call(stream.close)
                if not self._closed.wait(REOPEN_S if stream is None else 0):
                    self._call(self._initialise_again)
        except BaseException as error:
            self._broken = error
            self._tried.set()

    def _call(self, function: Callable[[], Result]) -> Result:
        self._calling_since = time.monotonic()
        try:
            return function()
        finally:
            self._calling_since = None

    def _initialise_again(self) -> None:
        """Make the audio system look which devices there are."""
        self._sd._terminate()
        self._sd._initialize()

    def _open(self) -> DeviceStream | None:
        try:
            device = find_input(self._sd, self.device or self._settings.device)
            stream = DeviceStream(self._sd, device, self._settings)
        except DeviceAway as away:
            self.state = f"waiting for the microphone: {away}"
            return None
        self.device = device.name
        self.counters["opened"] += 1
        return stream

    def _watch(self, stream: DeviceStream) -> str:
        """Wait until a stream has ended or fallen silent; return the cause."""
        while True:
            gone = stream.finished.wait(WATCH_S)
            if self._closed.is_set():
                return "closed"
            now, delivers = time.monotonic(), stream.ring.start_s is not None
            if delivers:
                self._delivered = True
                self.state = f"capturing {stream.rate_hz} Hz from {stream.device.name}"
            if gone:
                cause = "vanished"
            elif not delivers and now - stream.opened_s > self._settings.first_frame_s:
                cause = "suspended" if self._delivered else "no_first_frame"
            elif delivers and now - stream.ring.called_s > self._settings.stall_s:
                cause = "stall"
            else:
                continue
            self.counters["stalls" if cause == "stall" else cause] += 1
            return cause
