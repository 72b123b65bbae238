"""Where records go: history, broker, webhook, and whoever watches."""

import logging
import time
from collections import deque
from collections.abc import Callable

from monitor.aggregate.statistics import IntervalStats
from monitor.app.health import Vitals
from monitor.publish.contract.messages import Durable
from monitor.publish.contract.payloads import Digest
from monitor.publish.mqtt import Publisher
from monitor.publish.webhook import Webhook
from monitor.records import (
    Alert,
    Caption,
    DaySummary,
    GapRecord,
    MinuteSummary,
    PeriodSummary,
    Quality,
    SoundEvent,
)
from monitor.store.database import DatabaseError
from monitor.store.history import History

log = logging.getLogger(__name__)

WAITING = 3000
"""Records that wait in memory for a disk that cannot be written (about a day of minutes, events and captions)."""
RETRY_S = 5.0
"""Between two tries to write what waits, when nothing new comes, s."""
Sink = Callable[[Durable], None]
Kept = MinuteSummary | PeriodSummary | DaySummary | SoundEvent | Caption | Alert | GapRecord


class Recorder:
    """Keeps, publishes and shows records; for one thread, with a history connection of its own.

    While the history cannot be written, records wait in memory and the fault is told; when the room is used up the
    oldest is lost from the history (not from the broker), and counted.
    """

    def __init__(
        self, history: History, publisher: Publisher | None, webhook: Webhook | None, sink: Sink, vitals: Vitals
    ) -> None:
        self.history = history
        self._publisher, self._webhook, self._sink, self._vitals = publisher, webhook, sink, vitals
        self._waiting: deque[tuple[Kept, IntervalStats | None]] = deque()
        self._fault: str | None = None
        self._retry_at = 0.0
        self.lost = 0

    def record(self, record: Durable, quality: Quality | None = None, stats: IntervalStats | None = None) -> None:
        """Keep a record, and hand it to all who want it."""
        kept = record.caption if isinstance(record, Digest) else record
        if kept is not None:
            self.keep(kept, stats)
        if self._publisher is not None:
            self._publisher.publish(record, quality)
        if self._webhook is not None and isinstance(record, Alert):
            self._webhook.put(record)
        self._sink(record)

    def keep(self, record: Kept, stats: IntervalStats | None = None) -> None:
        """Write a record to the history, now or when that can be done again."""
        self._waiting.append((record, stats))
        if len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.lost += 1
        self._write()

    def tend(self) -> None:
        """Try again to write what waits; cheap, call it often."""
        if self._fault is not None and time.monotonic() >= self._retry_at:
            self._write()

    def _write(self) -> None:
        try:
            while self._waiting:
                kept, its_stats = self._waiting[0]
                self.history.add(kept, its_stats)
                self._waiting.popleft()
            self._vitals.history_bytes = self.history.bytes_written()
        except DatabaseError as error:
            if self._fault is None:
                log.error("history.fault", extra={"error": str(error)})
            self._fault = f"{error}; {len(self._waiting)} records wait, {self.lost} lost"
            self._vitals.history_fault = self._fault
            self._retry_at = time.monotonic() + RETRY_S
            return
        if self._fault is not None:
            log.warning("history.recovered", extra={"lost": self.lost})
            if self._vitals.history_fault == self._fault:  # else it is another recorder's, which still waits
                self._vitals.history_fault = None
            self._fault = None
