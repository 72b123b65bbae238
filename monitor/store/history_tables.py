"""The tables of the history, and how a record becomes a row.

Times are Unix microseconds. Summaries are kept as their statistics, from which they are made again when read; all else
is JSON, compressed by zlib.
"""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import AwareDatetime

from monitor.aggregate.encoding import from_bytes, to_bytes
from monitor.aggregate.statistics import IntervalStats
from monitor.aggregate.summary import summarise
from monitor.records import (
    Alert,
    Caption,
    DaySummary,
    GapRecord,
    Interval,
    MinuteSummary,
    PeriodSummary,
    Record,
    SoundEvent,
)

SCHEMA = (
    "CREATE TABLE minutes (start INTEGER PRIMARY KEY, stats BLOB NOT NULL, more BLOB) STRICT",
    """CREATE TABLE periods (
        start INTEGER PRIMARY KEY, stats BLOB NOT NULL, more BLOB,
        duration_s REAL NOT NULL, coverage REAL NOT NULL, LAeq REAL, N5 REAL
    ) STRICT""",
    "CREATE INDEX usual_levels ON periods (start, coverage, LAeq, N5)",
    "CREATE TABLE days (start INTEGER PRIMARY KEY, stats BLOB NOT NULL, more BLOB, duration_s REAL NOT NULL) STRICT",
    """CREATE TABLE sound_events (
        start INTEGER NOT NULL, label TEXT NOT NULL, end INTEGER NOT NULL, json BLOB NOT NULL,
        PRIMARY KEY (start, label)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE captions (
        start INTEGER NOT NULL, end INTEGER NOT NULL, json BLOB NOT NULL, PRIMARY KEY (start, end)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE gaps (start INTEGER PRIMARY KEY, json BLOB NOT NULL) STRICT",
    "CREATE TABLE alerts (start INTEGER NOT NULL, json BLOB NOT NULL) STRICT",
    "CREATE INDEX alerts_start ON alerts (start)",
    "CREATE TABLE journal (start INTEGER NOT NULL, kind TEXT NOT NULL, json BLOB NOT NULL) STRICT",
    "CREATE INDEX journal_start ON journal (start)",
    "CREATE TABLE written (day TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT",
)
VERSION = 1
PAGE_SIZE = 1024
"""About the size of a minute: half the bytes written a day that pages of 4096 take."""
TABLES = ("minutes", "periods", "days", "sound_events", "captions", "gaps", "alerts", "journal")
"""All that grow; each has a column `start`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class JournalEntry(Record):
    """Something that happened to the node itself."""

    at: AwareDatetime
    kind: str
    detail: dict[str, str | int | float | bool | None]


Summary = TypeVar("Summary", MinuteSummary, PeriodSummary, DaySummary)
Stored = MinuteSummary | PeriodSummary | DaySummary | SoundEvent | Caption | GapRecord | Alert | JournalEntry


def micros(time: datetime) -> int:
    """Return a time as Unix microseconds."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """Return Unix microseconds as a time."""
    return _EPOCH + value * _MICROSECOND


def summary(kind: type[Summary], start: int, duration_s: float, stats: bytes, more: bytes | None) -> Summary:
    """Return the summary of a row: made of its statistics, and of what only its kind has."""
    interval = summarise(from_bytes(stats), from_micros(start), duration_s)
    fields = {name: getattr(interval, name) for name in Interval.model_fields}
    return kind.model_validate(fields | (json.loads(zlib.decompress(more)) if more else {}))


def insertion(record: Stored, stats: IntervalStats | None) -> tuple[str, tuple[object, ...]]:
    """Return the statement that keeps a record, and its values."""
    if isinstance(record, Interval):
        if stats is None:
            raise ValueError(f"a {type(record).__name__} is kept with its statistics, and none were given")
        more = record.model_dump_json(exclude=set(Interval.model_fields) | {"kind"})
        row = (micros(record.start), to_bytes(stats), None if more == "{}" else zlib.compress(more.encode()))
        match record:
            case MinuteSummary():
                return "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?)", row
            case PeriodSummary():
                measures = (record.duration_s, record.quality.coverage, record.levels.LAeq, record.loudness.N5)
                return "INSERT OR REPLACE INTO periods VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, *measures)
            case DaySummary():
                return "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", (*row, record.duration_s)
    json_ = zlib.compress(record.model_dump_json().encode())
    match record:
        case SoundEvent():
            values = (micros(record.onset), record.label, micros(record.offset), json_)
            return "INSERT OR REPLACE INTO sound_events VALUES (?, ?, ?, ?)", values
        case Caption():
            return "INSERT OR REPLACE INTO captions VALUES (?, ?, ?)", (
                micros(record.start),
                micros(record.end),
                json_,
            )
        case GapRecord():
            return "INSERT OR REPLACE INTO gaps VALUES (?, ?)", (micros(record.start), json_)
        case Alert():
            return "INSERT INTO alerts VALUES (?, ?)", (micros(record.at), json_)
        case JournalEntry():
            return "INSERT INTO journal VALUES (?, ?, ?)", (micros(record.at), record.kind, json_)
    raise TypeError(f"the history keeps no {type(record).__name__}")
