"""What the node heard, told and went through, kept for reports and for taking up a running day after a restart.

Minutes, periods and days keep their statistics, so that any stretch of time can be summed up again exactly. Kind to SD
cards: about one transaction a minute, a checkpoint a quarter of an hour. A minute is on the disk before it is
published, else a draft of it that outlived a power cut could stand in its place.
"""

import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

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
from monitor.store.database import DatabaseError, PerThread
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
from monitor.store.usual import usual

log = logging.getLogger(__name__)

WAITING = 3000
"""Events and gaps that wait for the next minute at most; the oldest go first."""

AnyRecord = TypeVar("AnyRecord", bound=Record)
Result = TypeVar("Result")


class History:
    """The history of one node; each thread that uses it gets its own connection. Raises `DatabaseError`.

    A node that must go on by itself asks for `replace_damaged`: a file that SQLite finds damaged is set aside, and the
    journal of the new one tells of it.
    """

    def __init__(
        self,
        path: Path | str,
        settings: AggregateSettings,
        time_zone: str = "UTC",
        *,
        replace_damaged: bool = False,
    ) -> None:
        self._file = PerThread(path, SCHEMA, VERSION, "FULL", PAGE_SIZE)
        self._zone = ZoneInfo(time_zone)
        self._waiting: list[Stored] = []
        self.upkeep = Upkeep(self._file, settings)
        self._replace_damaged = replace_damaged
        self._mended(lambda: self._file.connection)

    def add(self, record: Stored, stats: IntervalStats | None = None) -> None:
        """Keep a record; summaries come with their statistics, and replace an earlier one of the same time.

        Events and gaps wait in memory for the next summary, caption or `flush`, and share its transaction.
        """
        if isinstance(record, SoundEvent | GapRecord):
            self._waiting = [*self._waiting[-WAITING + 1 :], record]
            return
        self._write([*((waiting, None) for waiting in self._waiting), (record, stats)])

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._write([(waiting, None) for waiting in self._waiting])

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
        return self._records(Caption, "captions", start, end)

    def gaps(self, start: datetime, end: datetime) -> list[GapRecord]:
        """Return the gaps that begin in [start, end), oldest first."""
        return self._records(GapRecord, "gaps", start, end)

    def alerts(self, start: datetime, end: datetime) -> list[Alert]:
        """Return the alerts raised or cleared in [start, end), oldest first."""
        return self._records(Alert, "alerts", start, end)

    def recent_alerts(self) -> list[Alert]:
        """Return the last 500 alerts raised or cleared, oldest first."""
        query = "SELECT json FROM alerts ORDER BY start DESC, rowid DESC LIMIT 500"
        return self._parse(Alert, self._rows(query))[::-1]

    def journal(self, start: datetime, end: datetime) -> list[JournalEntry]:
        """Return the journal of [start, end), oldest first."""
        return self._records(JournalEntry, "journal", start, end)

    def latest(self, kind: str) -> JournalEntry | None:
        """Return the newest entry of a kind in the journal, None for none."""
        rows = self._rows("SELECT json FROM journal WHERE kind = ? ORDER BY rowid DESC LIMIT 1", kind)
        return self._parse(JournalEntry, rows)[0] if rows else None

    def events(self, start: datetime, end: datetime) -> list[SoundEvent]:
        """Return the sound events that ended in [start, end), by their onsets."""
        query = "SELECT json FROM sound_events WHERE end >= ? AND end < ? AND start < ? ORDER BY start, label"
        return self._parse(SoundEvent, self._rows(query, micros(start), micros(end), micros(end)))

    def stats(self, start: datetime, end: datetime) -> IntervalStats:
        """Return the merged statistics of the minutes that begin in [start, end); of periods where minutes are gone."""
        total = IntervalStats()
        for _, stats in self._statistics("minutes", start, end):
            total.merge(stats)
        ((oldest,),) = self._rows("SELECT min(start) FROM minutes")
        if oldest is not None:
            end = min(end, from_micros(oldest).replace(minute=0, second=0, microsecond=0))
        for _, stats in self._statistics("periods", start, end):
            total.merge(stats)
        return total

    def usual(self, time: datetime) -> Usual | None:
        """Return what this node's periods at the local hour of a time were like on the days before; None without."""
        return usual(self._file, self._zone, time)

    def recall(self, start: datetime, end: datetime) -> Remembered:
        """Return what is known of [start, end): minutes with their statistics, and events that ended in it.

        Events are kept together with their minutes, so that none are looked for where no minute is known. A history
        that cannot be read remembers nothing, so that the node measures on.
        """
        try:
            minutes = list(self._statistics("minutes", start, end))
            return Remembered(minutes, self.events(start, end) if minutes else [])
        except DatabaseError as error:
            log.error("history.forgotten", extra={"error": str(error)})
            return Remembered()

    def bytes_written(self) -> int:
        """Return the bytes that the history wrote to disk today (UTC)."""
        return self._mended(self.upkeep.bytes_written)

    def close(self) -> None:
        """Write what waits, and close this thread's connection; who only read writes nothing."""
        self.flush()
        self.upkeep.checkpoint()
        self._file.close()

    def _write(self, rows: list[tuple[Stored, IntervalStats | None]]) -> None:
        statements = [insertion(record, stats) for record, stats in rows]

        def write() -> None:
            self._insert(statements)
            self._waiting = []
            self.upkeep.committed()

        self._mended(write)

    def _insert(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        with self._file.writing() as connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def _mended(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; where it finds the file damaged, and that was asked for, of a new file."""
        try:
            return work()
        except DatabaseError as error:
            self._replace(error)
            return work()

    def _replace(self, error: DatabaseError) -> None:
        """Begin a new file in place of a damaged one, where that was asked for."""
        if error.cause != "corrupt" or not self._replace_damaged:
            raise error
        aside = self._file.replace_damaged()
        if aside is not None:
            log.error("history.damaged", extra={"kept_as": aside.name})
            entry = JournalEntry(at=datetime.now(UTC), kind="history_damaged", detail={"kept_as": aside.name})
            self._insert([insertion(entry, None)])

    def _summaries(
        self, kind: type[Summary], table: str, duration: str, start: datetime, end: datetime
    ) -> list[Summary]:
        query = f"SELECT start, {duration}, stats, more FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        rows = self._rows(query, micros(start), micros(end))
        with self._whole_rows():
            return [summary(kind, *row) for row in rows]

    def _records(self, kind: type[AnyRecord], table: str, start: datetime, end: datetime) -> list[AnyRecord]:
        query = f"SELECT json FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        return self._parse(kind, self._rows(query, micros(start), micros(end)))

    def _statistics(self, table: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, IntervalStats]]:
        query = f"SELECT start, stats FROM {table} WHERE start >= ? AND start < ? ORDER BY start"
        for begun, stats in self._rows(query, micros(start), micros(end)):
            with self._whole_rows():
                yield from_micros(begun), from_bytes(stats)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        def read() -> list[tuple[Any, ...]]:
            with self._file.reading() as connection:
                return connection.execute(query, values).fetchall()

        return self._mended(read)

    def _parse(self, kind: type[AnyRecord], rows: list[tuple[Any, ...]]) -> list[AnyRecord]:
        with self._whole_rows():
            return [kind.model_validate_json(zlib.decompress(json)) for (json,) in rows]

    @contextmanager
    def _whole_rows(self) -> Iterator[None]:
        """Say of a row that SQLite reads, and nobody else can, that the file is damaged."""
        try:
            yield
        except (ValueError, zlib.error) as error:
            raise DatabaseError(self._file.path, "corrupt", str(error).partition("\n")[0]) from error
