"""Sample index to UTC and back: the one place where the two meet."""

from datetime import UTC, datetime, timedelta

from monitor.records import ClockQuality
from monitor.types import RATE_HZ


class SampleClock:
    """Derives UTC from the 48 kHz sample counter.

    `start` is the UTC time of sample 0, timezone-aware.
    """

    def __init__(self, start: datetime, quality: ClockQuality = "simulated") -> None:
        if start.tzinfo is None:
            raise ValueError(f"the clock needs a start time with a time zone, not {start.isoformat()}")
        self._start = start.astimezone(UTC)
        self.quality: ClockQuality = quality

    def utc(self, sample: int) -> datetime:
        """Return the UTC time of a sample."""
        return self._start + timedelta(microseconds=round(sample * 1_000_000 / RATE_HZ))

    def sample(self, time: datetime) -> int:
        """Return the first sample at or after a time."""
        micros = (time - self._start) // timedelta(microseconds=1)
        return -((-micros * RATE_HZ) // 1_000_000)
