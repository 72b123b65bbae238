"""The file behind the outbox: one table of messages, one transaction for each change, raising `DatabaseError`."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Set
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.store.database import DatabaseError, PerThread, set_aside

SCHEMA = (
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        rank INTEGER NOT NULL,
        size INTEGER NOT NULL,
        stored_at REAL NOT NULL,
        late INTEGER NOT NULL,
        refused TEXT,
        kind TEXT NOT NULL,
        topic TEXT NOT NULL,
        payload BLOB NOT NULL
    )""",
    "CREATE INDEX message_waiting ON message (id) WHERE refused IS NULL",
    "CREATE TABLE sequence (session TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
)
VERSION = 1
BUSY_TIMEOUT_S = 2.0
"""A message waits this long for a locked file before it goes to memory, s."""
PAGE_SIZE = 1024
"""A message is stored and removed in two transactions: half the bytes written that pages of 4096 take, or less."""
RANK = {"data/minute": 0, "data/event": 1, "data/period": 2, "data/gap": 3, "data/caption": 4}
"""What is dropped first when space runs out; kinds not named here go last."""
ROW_BYTES = 200
"""What a row takes beside its payload, roughly."""
_COLUMNS = "kind, topic, payload, late, stored_at"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored message; `id` is negative while it waits in memory, `stored_at` is Unix time."""

    id: int
    kind: str
    topic: str
    payload: bytes
    late: bool
    stored_at: float

    @property
    def rank(self) -> int:
        """How long it is kept when space runs out: 0 goes first."""
        return RANK.get(self.kind, len(RANK))

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.payload) + len(self.topic) + ROW_BYTES


@dataclass(frozen=True, slots=True)
class Totals:
    """What a file holds: messages waiting, dead letters, bytes of both."""

    waiting: int = 0
    refused: int = 0
    bytes: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.waiting + other.waiting, self.refused + other.refused, self.bytes + other.bytes)

    def __sub__(self, other: "Totals") -> "Totals":
        return Totals(self.waiting - other.waiting, self.refused - other.refused, self.bytes - other.bytes)


class OutboxFile:
    """SQLite, write-ahead log, synchronous FULL; each thread gets its own connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = PerThread(path, SCHEMA, VERSION, "FULL", PAGE_SIZE, BUSY_TIMEOUT_S)
        self._handed_out = 0
        """The largest id that somebody may come back with."""

    def insert(self, entries: Iterable[Entry], sequence: dict[str, int]) -> None:
        """Store messages, and the last number of each session, in one transaction; an id above 0 is kept."""
        with self.database.writing() as connection:
            connection.executemany(
                f"INSERT INTO message (id, {_COLUMNS}, rank, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (e.id if e.id > 0 else None, e.kind, e.topic, e.payload, e.late, e.stored_at, e.rank, e.size)
                    for e in entries
                ],
            )
            connection.executemany("INSERT OR REPLACE INTO sequence VALUES (?, ?)", list(sequence.items()))

    def last_seq(self, session: str) -> int:
        """Return the last number given in a session; 0 for a new one."""
        rows = self._read("SELECT seq FROM sequence WHERE session = ?", (session,))
        return int(rows[0][0]) if rows else 0

    def last_id(self) -> int:
        """Return the id of the last message ever stored."""
        rows = self._read("SELECT seq FROM sqlite_sequence WHERE name = 'message'")
        return int(rows[0][0]) if rows else 0

    def totals(self) -> Totals:
        """Count what is there."""
        row = self._read("SELECT count(*), count(refused), coalesce(sum(size), 0) FROM message")[0]
        return Totals(waiting=row[0] - row[1], refused=row[1], bytes=row[2])

    def waiting(self, first: int, last: int, limit: int, exclude: Set[int]) -> list[Entry]:
        """Return at most `limit` messages with first < id <= last, oldest first, dead letters left out."""
        rows = self._read(
            f"SELECT id, {_COLUMNS} FROM message WHERE id > ? AND id <= ? AND refused IS NULL"
            " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
            (first, last, json.dumps(sorted(exclude)), limit),
        )
        self._handed_out = max(self._handed_out, *(row[0] for row in rows), 0)
        return [Entry(r[0], r[1], r[2], r[3], bool(r[4]), r[5]) for r in rows]

    def delete(self, ids: Iterable[int]) -> Totals:
        """Remove messages and return what they were."""
        removed = Totals()
        with self.database.writing() as connection:
            for key in ids:
                for size, refused in connection.execute(
                    "DELETE FROM message WHERE id = ? RETURNING size, refused", (key,)
                ).fetchall():
                    removed += Totals(int(refused is None), int(refused is not None), size)
        return removed

    def forget_sessions(self, keep: Iterable[str]) -> None:
        """Remove the numbering of all other sessions: a process never speaks for an earlier one."""
        names = tuple(keep)
        with self.database.writing() as connection:
            connection.execute(f"DELETE FROM sequence WHERE session NOT IN ({','.join('?' * len(names))})", names)

    def refuse(self, key: int, reason: str) -> bool:
        """Make a message a dead letter; return whether it was there."""
        with self.database.writing() as connection:
            return connection.execute("UPDATE message SET refused = ? WHERE id = ?", (reason, key)).rowcount > 0

    def revive(self, limit: int) -> set[int]:
        """Make dead letters messages again, chosen by chance; -1 means all. Return their ids."""
        chosen = "SELECT id FROM message WHERE refused IS NOT NULL ORDER BY random() LIMIT ?"
        with self.database.writing() as connection:
            return {
                key
                for (key,) in connection.execute(
                    f"UPDATE message SET refused = NULL, late = 1 WHERE id IN ({chosen}) RETURNING id", (limit,)
                )
            }

    def shift_times(self, seconds: float) -> None:
        """Move the times of storage with a wall clock that was set, so that ages stay what they were."""
        with self.database.writing() as connection:
            connection.execute("UPDATE message SET stored_at = stored_at + ?", (seconds,))

    def by_worth(self) -> list[tuple[int, str, int, int, float, bool]]:
        """Return (id, kind, rank, size, stored_at, dead) of all, what is dropped first at the head."""
        return self._read(
            "SELECT id, kind, rank, size, stored_at, refused IS NOT NULL FROM message"
            " ORDER BY refused IS NULL, rank, id"
        )

    def check(self) -> None:
        """Raise `DatabaseError` when the file is damaged."""
        verdict = self._read("PRAGMA quick_check(1)")[0][0]
        if verdict != "ok":
            raise DatabaseError(self.path, "corrupt", str(verdict))

    def replace_damaged(self) -> tuple[Path, int]:
        """Set the damaged file aside, begin a new one with every row that can still be read; return name and rows.

        Rows keep their ids, and no id is given again: acknowledgements of what is in flight still come.
        """
        self.close()
        aside = set_aside(self.path)
        saved = {entry.id: entry for entry in _readable(aside)}
        self.insert([saved[key] for key in sorted(saved)], {})
        with self.database.writing() as connection:
            connection.execute("DELETE FROM sqlite_sequence WHERE name = 'message'")
            last = max(self._handed_out, *saved, 0)
            connection.execute("INSERT INTO sqlite_sequence VALUES ('message', ?)", (last,))
        return aside, len(saved)

    def close(self) -> None:
        """Close this thread's connection."""
        self.database.close()

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self.database.reading() as connection:
            return connection.execute(query, values).fetchall()


def _readable(path: Path) -> Iterator[Entry]:
    """Yield the rows of a damaged file that can still be read, from both ends."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                for row in connection.execute(f"SELECT id, {_COLUMNS} FROM message ORDER BY id {order}"):
                    if isinstance(row[3], bytes) and isinstance(row[1], str) and isinstance(row[2], str):
                        yield Entry(row[0], row[1], row[2], row[3], True, row[5])
