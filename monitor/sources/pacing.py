"""The pace at which sound that is not live is handed on."""

import threading
import time

from monitor.types import RATE_HZ


class Pacer:
    """Lets sound pass when it would have been heard, counted from the first question; or at once."""

    def __init__(self, realtime: bool) -> None:
        self._realtime = realtime
        self._start_s: float | None = None
        self._closed = threading.Event()
        self._passed: tuple[int, float] | None = None

    @property
    def last_observation(self) -> tuple[int, float] | None:
        """The latest sample that passed in real time, and the monotonic time it belongs to, s; None when not paced."""
        if self._realtime and self._passed is None:
            return (0, time.monotonic())
        return self._passed

    def wait(self, end_sample: int, timeout_s: float) -> bool:
        """Wait until the sound up to a sample has been heard; False when that takes longer than the timeout."""
        if not self._realtime:
            return True
        now = time.monotonic()
        if self._start_s is None:
            self._start_s = now
        due = self._start_s + end_sample / RATE_HZ
        if due > now + timeout_s:
            self._closed.wait(timeout_s)
            return False
        if due > now:
            self._closed.wait(due - now)
        self._passed = (end_sample, due)
        return True

    def close(self) -> None:
        """End all waiting."""
        self._closed.set()
