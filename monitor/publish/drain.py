"""From the outbox to the broker: live messages first, then the backlog; paced, few in flight, gone when received."""

import math
import random
import time
from collections import deque
from collections.abc import Callable

from paho.mqtt.reasoncodes import ReasonCode

from monitor.publish.contract.messages import schema_uris
from monitor.publish.link.connection import Connection, Lost, content
from monitor.publish.link.reasons import RETRY, rejection
from monitor.settings import MqttSettings
from monitor.store.outbox import Outbox
from monitor.store.outbox_file import Entry

ACK_S = 30.0
"""A broker that has not acknowledged by then is left and dialled again, s."""
HOLD_S = 10.0
"""Pause after a refusal that will pass, s."""
SETTLE_S = 1.0
"""An acknowledged message is kept this long and sent again if the connection breaks meanwhile, s.

Brokers acknowledge before they save: one that is killed in between has lost what it acknowledged.
"""
PROBE_S = 600.0
"""Between two tries to send a dead letter again, s."""
START_JITTER_S = 1.0
"""The backlog begins at random within this time, so that a fleet does not begin at once, s."""
RESERVED = 3
"""Of the messages a broker takes at a time, those left to status, meta and discovery."""
_SCHEMAS = schema_uris()


class Drain:
    """Empties the outbox over one connection; call `step` whenever the connection was served."""

    def __init__(
        self, outbox: Outbox, connection: Connection, settings: MqttSettings, on_sent: Callable[[Entry], None]
    ) -> None:
        self.refusal: str | None = None
        """Why the broker last refused a message, None once it takes them again."""
        self._outbox = outbox
        self._connection = connection
        self._window = max(1, connection.window - RESERVED)
        self._rate_per_s = settings.rate_per_s
        self._on_sent = on_sent
        self._in_flight: dict[int, tuple[Entry, float]] = {}
        self._queue: deque[Entry] = deque()
        self._settling: deque[tuple[float, int]] = deque()
        self._probes: set[int] = set()
        now = time.monotonic()
        self._backlog_at = now + random.uniform(0, START_JITTER_S)
        self._next_at = now
        self._probe_at = now
        self._fresh = True
        self._dry = False
        outbox.mark()

    @property
    def idle(self) -> bool:
        """True when nothing waits and nothing is in flight."""
        return not self._in_flight and self._outbox.depth == len(self._settling)

    def wake(self) -> None:
        """A live message was stored: look at the outbox again."""
        self._fresh = True

    def acknowledged(self, packet: int, code: ReasonCode) -> None:
        """Take the broker's answer to a message; answers to others are ignored."""
        entry, _ = self._in_flight.pop(packet, (None, 0.0))
        if entry is None:
            return
        if not code.is_failure:
            self._settling.append((time.monotonic(), entry.id))
            if entry.id in self._probes:
                self._probes, self.refusal = set(), None
                self._fresh = bool(self._outbox.revive()) or self._fresh
            return
        self.refusal = rejection(code)
        if code.value in RETRY:
            self._next_at = time.monotonic() + HOLD_S
        else:
            self._outbox.refuse(entry, self.refusal)

    def step(self) -> float:
        """Remove what was acknowledged, send what may be sent; return the seconds until there is more to do."""
        now = time.monotonic()
        self._settle(now)
        while len(self._in_flight) < self._window and now >= self._next_at:
            entry = self._next(now)
            if entry is None:
                break
            self._send(entry, now)
            self._next_at = max(now - 0.05, self._next_at) + random.uniform(0.5, 1.5) / self._rate_per_s
        if len(self._in_flight) >= self._window:
            return 0.5
        ahead = self._next_at if not self._dry else self._backlog_at if now < self._backlog_at else now + 1.0
        return min(0.5, max(0.0, ahead - now))

    def finish(self) -> None:
        """Remove all that was acknowledged: the connection is about to end as it should."""
        self._remove(settled_before=math.inf)

    def _remove(self, settled_before: float) -> None:
        done = []
        while self._settling and self._settling[0][0] <= settled_before:
            done.append(self._settling.popleft()[1])
        if done:
            self._outbox.delete(done)

    def _settle(self, now: float) -> None:
        self._remove(settled_before=now - SETTLE_S)
        if now >= self._probe_at:
            self._probe_at = now + PROBE_S
            self._probes = self._outbox.revive(1)
            self._fresh = bool(self._probes) or self._fresh
        if self._in_flight and now - next(iter(self._in_flight.values()))[1] > ACK_S:
            raise Lost(f"{self._connection.address} has not acknowledged a message for {ACK_S:.0f} s")

    def _next(self, now: float) -> Entry | None:
        if self._fresh or not self._queue:
            self._fresh = False
            busy = {entry.id for entry, _ in self._in_flight.values()} | {key for _, key in self._settling}
            entries = self._outbox.waiting(self._window, busy, late=False)
            if now >= self._backlog_at:
                entries += self._outbox.waiting(self._window, busy, late=True)
            self._queue = deque(entries)
            self._dry = not entries
        return self._queue.popleft() if self._queue else None

    def _send(self, entry: Entry, now: float) -> None:
        largest = self._connection.maximum_packet
        if largest is not None and entry.size > largest:
            self._outbox.refuse(entry, f"the broker takes at most {largest} bytes")
            return
        payload = mark_late(entry.payload) if entry.late else entry.payload
        properties = content(self._connection.version, schema=_SCHEMAS[entry.kind])
        packet = self._connection.publish(entry.topic, payload, properties=properties)
        self._in_flight[packet] = (entry, now)
        self._on_sent(entry)


def mark_late(payload: bytes) -> bytes:
    """Return an encoded envelope that says it comes from a backlog."""
    return payload.replace(b'"late":false', b'"late":true', 1)
