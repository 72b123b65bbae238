"""Local times as captions tell them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.narrate.facts.daylight import light
from monitor.narrate.facts.sheet import Moment, Part, When
from monitor.settings import NodeSettings


def part_of_day(hour: int) -> Part:
    """Return the part of the day that a local hour belongs to."""
    return "night" if hour < 6 or hour >= 23 else "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"


class ClockFace:
    """Local times of one interval; without a known time of day, moments are told from the beginning."""

    def __init__(self, start: datetime, node: NodeSettings, known: bool) -> None:
        self._start = start
        self._node = node
        self._zone = ZoneInfo(node.time_zone)
        self.known = known

    def local(self, time: datetime) -> datetime:
        """Return a time in the node's zone."""
        return time.astimezone(self._zone)

    def moment(self, time: datetime) -> Moment:
        """Return a time as a caption tells it."""
        clock = f"{self.local(time):%H:%M}" if self.known else None
        return Moment(clock=clock, offset_s=round((time - self._start).total_seconds(), 1))

    def when(self, duration_s: float, day: bool) -> When | None:
        """Return the local time of the interval, or None where it is not known."""
        if not self.known:
            return None
        start, end = self.local(self._start), self.local(self._start + timedelta(seconds=duration_s))
        middle = self._start + timedelta(seconds=duration_s / 2)
        return When(
            date=f"{start:%Y-%m-%d}",
            weekday=start.weekday(),
            start=f"{start:%H:%M}",
            end=f"{end:%H:%M}",
            part="day" if day else part_of_day(self.local(middle).hour),
            light=None if day else light(middle, self._node.latitude, self._node.longitude),
        )
