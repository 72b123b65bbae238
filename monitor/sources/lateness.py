"""Where the samples lie against the monotonic clock, whatever delays their arrival."""

from monitor.types import RATE_HZ

WINDOW_S = 30.0


class Lateness:
    """The line through the least late arrivals of the last 30 to 60 s.

    start_s: monotonic time that sample 0 is taken to have until something has arrived, s.
    """

    def __init__(self, start_s: float) -> None:
        self._since_s = start_s
        self._least_s = self._before_s = start_s
        self._heard = False

    def observe(self, sample: int, at_s: float) -> None:
        """Take note of when a sample arrived."""
        start = at_s - sample / RATE_HZ
        if not self._heard:
            self._heard, self._since_s, self._least_s, self._before_s = True, at_s, start, start
        elif at_s - self._since_s > WINDOW_S:
            self._since_s, self._before_s, self._least_s = at_s, self._least_s, start
        self._least_s = min(self._least_s, start)

    @property
    def _start_s(self) -> float:
        return min(self._least_s, self._before_s)

    def sample_at(self, time_s: float) -> float:
        """Return the sample index that belongs to a monotonic time."""
        return (time_s - self._start_s) * RATE_HZ

    def late(self, sample: float, at_s: float) -> float:
        """Return by how much an arrival is later than the least late ones, s, at least 0."""
        return max(0.0, at_s - sample / RATE_HZ - self._start_s)
