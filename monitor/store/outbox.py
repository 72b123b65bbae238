"""Durable messages on their way out: on the disk before they are sent, gone when the broker has acknowledged them.

`put` returns when the message would survive a power cut. While the disk refuses (full, locked, damaged) messages wait
in memory, bounded, are sent from there, and move to the disk as soon as it takes them: `trouble` says so in a sentence.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from monitor.clock import kernel_synchronised
from monitor.settings import MqttSettings
from monitor.store.database import DatabaseError
from monitor.store.outbox_file import Entry, OutboxFile, Totals

T = TypeVar("T")
log = logging.getLogger(__name__)

MEMORY_BYTES = 8_000_000
"""Messages held in memory while the disk refuses, bytes."""
CLOCK_JUMP_S = 60.0
"""A wall clock that moves this far against the monotonic one was set, s."""
RETRY_S = 5.0
"""Between two tries to use a disk that refused, s."""
TRIM_EVERY_S = 600.0


class Outbox:
    """Messages waiting for the broker: any thread may `put`; one thread sends, and it alone removes."""

    def __init__(
        self,
        path: Path,
        settings: MqttSettings,
        *,
        clock: Callable[[], float] = time.time,
        synchronised: Callable[[], bool] = kernel_synchronised,
    ) -> None:
        self.path = path
        self.trouble: str | None = None
        """Why messages wait in memory, None while the disk takes them."""
        self._file = OutboxFile(path)
        self._totals = Totals()
        self._max_bytes = settings.outbox_mb * 1_000_000
        self._max_age_s = settings.outbox_days * 86_400.0
        self._clock, self._synchronised = clock, synchronised
        self._drift = clock() - time.monotonic()
        self._lock = threading.RLock()
        self._memory: dict[int, Entry] = {}
        self._memory_ids = 0
        self._seq: dict[str, int] = {}
        self._gone: set[int] = set()
        self._mark = 0
        self._counts: Counter[str] = Counter()
        self._retry_at = 0.0
        self._trim_at = 0.0
        with self._lock:
            self._on_disk(self._open)

    @property
    def depth(self) -> int:
        """Messages waiting, dead letters not counted."""
        with self._lock:
            return self._totals.waiting - len(self._gone) + len(self._memory)

    @property
    def counters(self) -> dict[str, int]:
        """Messages since this process began: stored, delivered, refused, dropped/<kind>."""
        with self._lock:
            return dict(self._counts)

    def put(self, kind: str, topic: str, session: str, make: Callable[[int], bytes]) -> int:
        """Store a message and return its number in the session; `make` turns the number into the payload."""
        with self._lock:
            if session not in self._seq:
                self._seq[session] = self._on_disk(lambda: self._file.last_seq(session)) or 0
            self.maintain()
            seq = self._seq[session] + 1
            entry = Entry(0, kind, topic, make(seq), False, self._clock())
            stored = self._on_disk(lambda: self._insert([entry], {session: seq}))
            if stored is None:
                self._remember(entry)
            self._seq[session] = seq
            self._counts["stored"] += 1
            return seq

    def mark(self) -> None:
        """A connection begins: what is stored now is backlog, what comes from now on is live."""
        with self._lock:
            self._mark = self._on_disk(self._file.last_id) or 0
            self._memory = {key: replace(entry, late=True) for key, entry in self._memory.items()}

    def waiting(self, limit: int, in_flight: Set[int], *, late: bool) -> list[Entry]:
        """Return at most `limit` messages that are not in flight, of the backlog or of the live ones, in order."""
        with self._lock:
            first, last = (0, self._mark) if late else (self._mark, 1 << 62)
            exclude = in_flight | self._gone
            stored = self._on_disk(lambda: self._file.waiting(first, last, limit, exclude)) or []
            held = [e for e in self._memory.values() if e.late == late and e.id not in in_flight]
            return ([replace(entry, late=late or entry.late) for entry in stored] + held)[:limit]

    def delete(self, ids: Iterable[int]) -> None:
        """Remove messages that the broker has acknowledged."""
        with self._lock:
            for key in ids:
                if key > 0:
                    self._gone.add(key)
                elif self._memory.pop(key, None) is None:
                    continue  # moved to the disk meanwhile, from where it goes out once more, or dropped
                self._counts["delivered"] += 1
            self._remove_gone()

    def refuse(self, entry: Entry, reason: str) -> None:
        """Keep a message that the broker refused as a dead letter."""
        with self._lock:
            if entry.id < 0:
                if self._memory.pop(entry.id, None) is None:
                    return  # as above
                self._counts[f"dropped/{entry.kind}"] += 1
            self._counts["refused"] += 1
            if entry.id > 0 and self._on_disk(lambda: self._file.refuse(entry.id, reason)):
                self._totals += Totals(-1, 1, 0)

    def revive(self, limit: int = -1) -> set[int]:
        """Let dead letters be sent again, all by default, else `limit` of them by chance; return their ids."""
        with self._lock:
            revived = self._on_disk(lambda: self._file.revive(limit)) or set()
            self._totals += Totals(len(revived), -len(revived), 0)
            return revived

    def maintain(self) -> None:
        """Follow a clock that was set, try a disk that refused again, keep to the caps; cheap, call it often."""
        with self._lock:
            drift = self._clock() - time.monotonic()
            if abs(drift - self._drift) > CLOCK_JUMP_S:
                step, self._drift = drift - self._drift, drift
                self._on_disk(lambda: self._file.shift_times(step))
            if self.trouble is not None and time.monotonic() >= self._retry_at:
                self._retry_at = time.monotonic() + RETRY_S
                self.trouble = None
                self._on_disk(self._open)
                held = list(self._memory.values())
                moved = self._on_disk(lambda: self._insert(held, {})) if held else None
                if moved:
                    self._memory.clear()
                    log.warning("outbox.recovered", extra={"moved_to_disk": len(held)})
            if self._totals.bytes > self._max_bytes or time.monotonic() >= self._trim_at:
                self._trim_at = time.monotonic() + TRIM_EVERY_S
                self._on_disk(self._trim)

    def close(self) -> None:
        """Close this thread's connection to the file."""
        with self._lock:
            self._file.close()

    def _on_disk(self, work: Callable[[], T]) -> T | None:
        """Return what `work` returns, None when the disk is or becomes unusable; a damaged file is replaced once."""
        if self.trouble is not None:
            return None
        try:
            try:
                return work()
            except DatabaseError as error:
                if error.cause != "corrupt":
                    raise
                aside, saved = self._file.replace_damaged()
                self._totals = self._file.totals()
                log.error("outbox.repaired", extra={"error": str(error), "aside": aside.name, "saved": saved})
                return work()
        except DatabaseError as error:
            if not self._memory:
                log.error("outbox.trouble", extra={"error": str(error)})
            self.trouble = str(error)
            self._retry_at = time.monotonic() + RETRY_S
            return None

    def _open(self) -> bool:
        self._file.check()
        self._totals = self._file.totals()
        self._remove_gone()
        return True

    def _insert(self, entries: list[Entry], sequence: dict[str, int]) -> bool:
        late = [replace(entry, late=True) if entry.id < 0 else entry for entry in entries]
        self._file.insert(late, self._seq if any(entry.id < 0 for entry in entries) else sequence)
        self._totals += Totals(len(entries), 0, sum(entry.size for entry in entries))
        return True

    def _remove_gone(self) -> None:
        if self._gone and (removed := self._on_disk(lambda: self._file.delete(self._gone))) is not None:
            self._totals -= removed
            self._gone.clear()

    def _trim(self) -> None:
        """Drop what is too old or too much: dead letters first, then minutes, captions last.

        Minutes are kept `outbox_days`, everything else twice as long; by a clock that may be wrong nothing is old.
        """
        over = self._totals.bytes - int(0.95 * self._max_bytes) if self._totals.bytes > self._max_bytes else 0
        now = self._clock() if self._synchronised() else float("-inf")
        doomed, lost = [], Counter[str]()
        for key, kind, rank, size, stored_at, _ in self._file.by_worth():
            if over > 0 or now - stored_at > self._max_age_s * (1 if rank == 0 else 2):
                doomed.append(key)
                lost[kind] += 1
                over -= size
        self._file.forget_sessions(self._seq)
        if doomed:
            self._totals -= self._file.delete(doomed)
            log.warning("outbox.dropped", extra={"messages": dict(lost)})
            self._counts.update({f"dropped/{kind}": n for kind, n in lost.items()})

    def _remember(self, entry: Entry) -> None:
        self._memory_ids -= 1
        self._memory[self._memory_ids] = replace(entry, id=self._memory_ids)
        while sum(e.size for e in self._memory.values()) > MEMORY_BYTES:
            worst = min(self._memory.values(), key=lambda e: (e.rank, -e.id))
            del self._memory[worst.id]
            self._counts[f"dropped/{worst.kind}"] += 1
