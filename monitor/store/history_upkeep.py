"""Keeping the history small and the SD card alive: checkpoints, pruning by age and size, bytes written a day."""

from datetime import UTC, datetime, timedelta

from monitor.clock import kernel_synchronised
from monitor.settings import AggregateSettings
from monitor.store.database import PerThread
from monitor.store.history_tables import TABLES, from_micros, micros

CHECKPOINT_COMMITS = 15
"""Commits between checkpoints: pages that change every minute go to the file once a quarter of an hour."""
PRUNE_COMMITS = 360
"""Commits between looks at age and size."""
_HOUR_US = 3_600_000_000
"""What is forgotten ends at a full hour, so that no period loses a part of its minutes, microseconds."""
_FRAME_HEAD = 24
"""Bytes before each page in the write-ahead log (SQLite file format, 4.1)."""


class Upkeep:
    """Called by the history after each commit; the work is done in the thread that writes."""

    def __init__(self, file: PerThread, settings: AggregateSettings) -> None:
        self._file = file
        self._settings = settings
        self._commits = 0
        self._log_seen = 0
        self._unwritten = 0

    def committed(self) -> None:
        """Note a commit; checkpoint and prune when it is time."""
        if self._commits == 0:
            with self._file.reading() as connection:
                connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._commits += 1
        if self._commits % PRUNE_COMMITS == 1:
            if kernel_synchronised():  # a clock that is ahead of time would make all old
                self.forget_old(self._now())
            self.keep_to_size()
        if self._commits % CHECKPOINT_COMMITS == 0:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file, and count what that wrote; nothing before a commit."""
        if self._commits == 0:
            return
        with self._file.reading() as connection:
            page = connection.execute("PRAGMA page_size").fetchone()[0]
            _, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if logged < self._log_seen:
                self._log_seen = 0
            self._unwritten += max(logged - self._log_seen, 0) * (page + _FRAME_HEAD) + max(moved, 0) * page
            self._log_seen = 0 if moved == logged else logged
        with self._file.writing() as connection:
            today = datetime.now(UTC).date().isoformat()
            connection.execute(
                "INSERT INTO written VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
                (today, self._unwritten),
            )
        self._unwritten = 0

    def bytes_written(self) -> int:
        """Return the bytes that the history wrote to disk today (UTC)."""
        today = datetime.now(UTC).date().isoformat()
        with self._file.reading() as connection:
            row = connection.execute("SELECT bytes FROM written WHERE day = ?", (today,)).fetchone()
        return int(row[0]) if row else 0

    def size(self) -> int:
        """Return the bytes that the file's content takes."""
        with self._file.reading() as connection:
            page, pages, free = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            )
        return int(page * (pages - free))

    def forget_old(self, now: datetime) -> None:
        """Forget what is too old."""
        oldest = (now - timedelta(days=self._settings.history_days)).replace(minute=0, second=0, microsecond=0)
        with self._file.writing() as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table} WHERE start < ?", (micros(oldest),))
            connection.execute("DELETE FROM written WHERE day < ?", (oldest.date().isoformat(),))

    def keep_to_size(self) -> None:
        """While the file is too large, forget the oldest minutes, then the oldest of all."""
        limit = self._settings.history_mb * 1_000_000
        for tables in (("minutes",), TABLES):
            while self.size() > limit and self._forget_oldest_day(tables):
                pass

    def _now(self) -> datetime:
        """Return the newest minute, at most the wall clock: neither simulated nor wrong times empty the history."""
        with self._file.reading() as connection:
            newest = connection.execute("SELECT max(start) FROM minutes").fetchone()[0]
        wall = datetime.now(UTC)
        return wall if newest is None else min(wall, from_micros(newest))

    def _forget_oldest_day(self, tables: tuple[str, ...]) -> int:
        gone = 0
        with self._file.writing() as connection:
            starts = [connection.execute(f"SELECT min(start) FROM {table}").fetchone()[0] for table in tables]
            first = min((start for start in starts if start is not None), default=None)
            if first is not None:
                end = first // _HOUR_US * _HOUR_US + 24 * _HOUR_US
                for table in tables:
                    gone += connection.execute(f"DELETE FROM {table} WHERE start < ?", (end,)).rowcount
        return gone
