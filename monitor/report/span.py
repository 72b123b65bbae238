"""The stretch of time that a report is about: local days, whatever the clocks do in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.aggregate.days import day_limits


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days, one after the other."""

    first: date
    days: int
    zone: ZoneInfo

    @classmethod
    def day(cls, local: date, zone: ZoneInfo) -> "Span":
        """Return the span of one local day."""
        return cls(local, 1, zone)

    @classmethod
    def week(cls, local: date, zone: ZoneInfo) -> "Span":
        """Return the span of the week, Monday to Sunday (ISO 8601), that a local day lies in."""
        return cls(local - timedelta(days=local.weekday()), 7, zone)

    @property
    def dates(self) -> list[date]:
        """The local dates."""
        return [self.first + timedelta(days=day) for day in range(self.days)]

    @property
    def start(self) -> datetime:
        """UTC time at which it begins."""
        return day_limits(self.first, self.zone)[0]

    @property
    def end(self) -> datetime:
        """UTC time at which it ends."""
        return day_limits(self.dates[-1], self.zone)[1]

    @property
    def hours(self) -> int:
        """Hours from beginning to end: a day has 23, 24 or 25."""
        return round((self.end - self.start) / timedelta(hours=1))

    @property
    def title(self) -> str:
        """The dates as words."""
        if self.days == 1:
            return f"{self.first:%A} {self.first.day} {self.first:%B %Y}"
        year, week, _ = self.first.isocalendar()
        last = self.dates[-1]
        return f"Week {week} of {year}: {self.first.day} {self.first:%B} to {last.day} {last:%B %Y}"

    @property
    def name(self) -> str:
        """A name for files."""
        year, week, _ = self.first.isocalendar()
        return self.first.isoformat() if self.days == 1 else f"{year}-W{week:02d}"

    def midnights(self) -> list[datetime]:
        """Return the UTC times of all local midnights, the last one included."""
        return [*(day_limits(local, self.zone)[0] for local in self.dates), self.end]

    def at(self, local: date, clock: time) -> datetime:
        """Return the UTC time of a local time of day."""
        return datetime.combine(local, clock, self.zone).astimezone(UTC)

    def local(self, moment: datetime) -> datetime:
        """Return a time on the clock of the place."""
        return moment.astimezone(self.zone)
