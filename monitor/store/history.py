"""What the node heard, told and went through, kept for reports and for taking up a running day after a restart.

Minutes, periods and days keep their statistics, so that any stretch of time can be summed up again exactly. Kind to SD
cards: about one transaction a minute, a checkpoint a quarter of an hour, synchronous NORMAL.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import TypeVar
from zoneinfo import ZoneInfo

from monitor.aggregate.aggregator import Aggregator
from monitor.aggregate.encoding import from_bytes
from monitor.aggregate.periods import Remembered
from monitor.aggregate.statistics import IntervalStats
from monitor.records import (
    Alert,
    Caption,
    DaySummary,
    GapRecord,
    MinuteSummary,
    PeriodSummary,
    Record,
    SoundEvent,
    Usual,
)
from monitor.settings import AggregateSettings
from monitor.store.database import PerThread
from monitor.store.history_tables import (
    PAGE_SIZE,
    SCHEMA,
    VERSION,
    JournalEntry,
    Stored,
    Summary,
    from_micros,
    insertion,
    micros,
    summary,
)
from monitor.store.history_upkeep import Upkeep

USUAL_DAYS = 28
"""Past days that "usual" rests on."""
USUAL_COVERAGE = 0.5
"""Periods with less of their time heard do not count for "usual"."""
WAITING = 3000
"""Events and gaps that wait for the next minute at most; the oldest go first."""

AnyRecord = TypeVar("AnyRecord", bound=Record)


class History:
    """The history of one node; each thread that uses it gets its own connection. Raises `DatabaseError`."""

    def __init__(self, path: Path | str, settings: AggregateSettings, time_zone: str = "UTC") -> None:
        self._file = PerThread(path, SCHEMA, VERSION, "NORMAL", PAGE_SIZE)
        self._zone = ZoneInfo(time_zone)
        self._waiting: list[Stored] = []
        self.upkeep = Upkeep(self._file, settings)
        _ = self._file.connection

    def add(self, record: Stored, stats: IntervalStats | None = None) -> None:
        """Keep a record; summaries come with their statistics, and replace an earlier one of the same time.

        Events and gaps wait in memory for the next summary, caption or `flush`, and share its transaction.
        """
        if isinstance(record, SoundEvent | GapRecord):
            self._waiting = [*self._waiting[-WAITING + 1 :], record]
            return
        with self._file.writing() as connection:
            for waiting in self._waiting:
                connection.execute(*insertion(waiting, None))
            connection.execute(*insertion(record, stats))
        self._waiting = []
        self.upkeep.committed()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            with self._file.writing() as connection:
                for waiting in self._waiting:
                    connection.execute(*insertion(waiting, None))
            self._waiting = []
            self.upkeep.committed()

    def note(self, kind: str, detail: dict[str, str | int | float | bool | None], at: datetime | None = None) -> None:
        """Write to the journal: a boot, a calibration, a change of device or model."""
        self.add(JournalEntry(at=at or datetime.now(UTC), kind=kind, detail=detail))

    def minutes(self, start: datetime, end: datetime) -> list[MinuteSummary]:
        """Return the minutes that begin in [start, end), oldest first."""
        return self._summaries(MinuteSummary, "minutes", "60.0", start, end)

    def periods(self, start: datetime, end: datetime) -> list[PeriodSummary]:
        """Return the reporting periods that begin in [start, end), oldest first."""
        return self._summaries(PeriodSummary, "periods", "duration_s", start, end)

    def days(self, start: datetime, end: datetime) -> list[DaySummary]:
        """Return the local days that begin in [start, end), oldest first."""
        return self._summaries(DaySummary, "days", "duration_s", start, end)

    def captions(self, start: datetime, end: datetime) -> list[Caption]:
        """Return the captions of what begins in [start, end), oldest first."""
        return list(self._records(Caption, "captions", start, end))

    def gaps(self, start: datetime, end: datetime) -> list[GapRecord]:
        """Return the gaps that begin in [start, end), oldest first."""
        return list(self._records(GapRecord, "gaps", start, end))

    def alerts(self, start: datetime, end: datetime) -> list[Alert]:
        """Return the alerts raised or cleared in [start, end), oldest first."""
        return list(self._records(Alert, "alerts", start, end))

    def journal(self, start: datetime, end: datetime) -> list[JournalEntry]:
        """Return the journal of [start, end), oldest first."""
        return list(self._records(JournalEntry, "journal", start, end))

    def events(self, start: datetime, end: datetime) -> list[SoundEvent]:
        """Return the sound events that ended in [start, end), by their onsets."""
        query = "SELECT json FROM sound_events WHERE end >= ? AND end < ? AND start < ? ORDER BY start, label"
        with self._file.reading() as connection:
            rows = connection.execute(query, (micros(start), micros(end), micros(end))).fetchall()
        return [SoundEvent.model_validate_json(zlib.decompress(row[0])) for row in rows]

    def stats(self, start: datetime, end: datetime) -> IntervalStats:
        """Return the merged statistics of the minutes that begin in [start, end); of periods where minutes are gone."""
        total = IntervalStats()
        for _, stats in self._statistics("minutes", start, end):
            total.merge(stats)
        oldest = self._oldest_minute()
        if oldest is not None:
            end = min(end, oldest.replace(minute=0, second=0, microsecond=0))
        for _, stats in self._statistics("periods", start, end):
            total.merge(stats)
        return total

    def usual(self, local_hour: int, before: datetime) -> Usual | None:
        """Return what this node's periods at a local hour were like on the days before; None without any."""
        today = before.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        LAeq: list[float] = []
        N5: list[float] = []
        days = 0
        with self._file.reading() as connection:
            for back in range(1, USUAL_DAYS + 1):
                hour = (today - timedelta(days=back)).replace(hour=local_hour).astimezone(UTC)
                rows = connection.execute(
                    "SELECT LAeq, N5 FROM periods WHERE start >= ? AND start < ? AND coverage >= ?",
                    (micros(hour), micros(hour + timedelta(hours=1)), USUAL_COVERAGE),
                ).fetchall()
                LAeq += [row[0] for row in rows if row[0] is not None]
                N5 += [row[1] for row in rows if row[1] is not None]
                days += bool(rows)
        if not days:
            return None
        tenths = quantiles(LAeq, n=10, method="inclusive") if len(LAeq) > 1 else None
        return Usual(
            local_hour=local_hour,
            n_days=days,
            LAeq_median=round(median(LAeq), 2) if LAeq else None,
            LAeq_p10=round(tenths[0], 2) if tenths else None,
            LAeq_p90=round(tenths[-1], 2) if tenths else None,
            N5_median=round(median(N5), 3) if N5 else None,
        )

    def recall(self, start: datetime, end: datetime) -> Remembered:
        """Return what is known of [start, end): minutes with their statistics, and events that ended in it."""
        return Remembered(list(self._statistics("minutes", start, end)), self.events(start, end))

    def rebuild(self, aggregator: Aggregator) -> None:
        """Let a new aggregator take up the running minute, period and local day. For live sound only."""
        aggregator.remember(self.recall)

    def close(self) -> None:
        """Write what waits, and close this thread's connection."""
        self.flush()
        self.upkeep.checkpoint()
        self._file.close()

    def _summaries(
        self, kind: type[Summary], table: str, duration: str, start: datetime, end: datetime
    ) -> list[Summary]:
        query = f"SELECT start, {duration}, stats, more FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        with self._file.reading() as connection:
            rows = connection.execute(query, (micros(start), micros(end))).fetchall()
        return [summary(kind, *row) for row in rows]

    def _records(self, kind: type[AnyRecord], table: str, start: datetime, end: datetime) -> Iterator[AnyRecord]:
        query = f"SELECT json FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        with self._file.reading() as connection:
            rows = connection.execute(query, (micros(start), micros(end))).fetchall()
        for row in rows:
            yield kind.model_validate_json(zlib.decompress(row[0]))

    def _statistics(self, table: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, IntervalStats]]:
        query = f"SELECT start, stats FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        with self._file.reading() as connection:
            rows = connection.execute(query, (micros(start), micros(end))).fetchall()
        for begun, stats in rows:
            yield from_micros(begun), from_bytes(stats)

    def _oldest_minute(self) -> datetime | None:
        with self._file.reading() as connection:
            oldest = connection.execute("SELECT min(start) FROM minutes").fetchone()[0]
        return None if oldest is None else from_micros(oldest)
