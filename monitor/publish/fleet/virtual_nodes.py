"""Virtual nodes with realistic traffic, all in one event loop, to size a broker and what comes behind it."""

import asyncio
import heapq
import math
import random
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import (
    Envelope,
    HealthMessage,
    Identity,
    Message,
    MetaMessage,
    StatusMessage,
    encode,
    iso_interval,
    message_id,
    schema_uris,
    span,
    topic,
)
from monitor.publish.contract.payloads import Location, Meta, Status
from monitor.publish.drain import mark_late
from monitor.publish.fleet import wire
from monitor.publish.link.address import Address, password, tls_context
from monitor.publish.voice import client_id
from monitor.settings import MqttSettings

MINUTE_S = 60.0
EVERY_MIN = {"data/minute": 1, "health": 1, "data/event": 2, "data/period": 5, "data/caption": 5}
"""Minutes between messages of a kind; events come at random with this mean."""
CONNECTS_PER_S = 200
KEEPALIVE_S = 60
_CENTRE = (52.0, 5.0)


class VirtualNode:
    """A node that invents its sound; what the broker has not acknowledged is sent again, as a real node does."""

    def __init__(self, settings: MqttSettings, site: str, number: int, speed: float, counts: Counter[str]) -> None:
        self.identity = Identity.begin(site, f"node{number:05d}")
        self._settings, self._speed, self._counts = settings, speed, counts
        self._chance = random.Random(number)
        self._seq = self._packet = 0
        self._unacknowledged: dict[int, tuple[str, bytes]] = {}
        self._start = datetime.now(UTC).replace(microsecond=0)
        self._minute = 0
        self._due = [(self._chance.uniform(0, EVERY_MIN[kind]) * MINUTE_S / speed, kind) for kind in EVERY_MIN]
        heapq.heapify(self._due)

    async def live(self, until: float, tls: ssl.SSLContext | None, secret: str | None) -> None:
        """Talk until the loop's time `until`, then wait for the acknowledgements and say `offline`."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self._due = [(begun + after, kind) for after, kind in self._due]
        address = Address.of(self._settings)
        while loop.time() < until or self._unacknowledged:
            if loop.time() > until + 60:
                break
            try:
                reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
                try:
                    await self._session(reader, writer, until, secret)
                finally:
                    writer.close()
            except (OSError, asyncio.IncompleteReadError, ConnectionError):
                self._counts["reconnects"] += 1
                await asyncio.sleep(self._chance.uniform(0.5, 3.0))
        self._counts["unacknowledged"] += len(self._unacknowledged)

    async def _session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: float, secret: str | None
    ) -> None:
        will = (topic(self.identity, "status"), self._status("offline"))
        writer.write(wire.connect(client_id(self.identity), KEEPALIVE_S, will,
                                  self._settings.username, secret))  # fmt: skip
        kind, body = await wire.read(reader)
        if kind != wire.CONNACK or body[1] != 0:
            raise ConnectionError(f"refused with code {body[1]}")
        hearing = asyncio.create_task(self._hear(reader))
        try:
            writer.write(wire.publish(topic(self.identity, "status"), self._status("online"), None, retain=True))
            writer.write(wire.publish(topic(self.identity, "meta"), self._meta(), None, retain=True))
            for packet, (where, payload) in self._unacknowledged.items():
                writer.write(wire.publish(where, mark_late(payload), packet, again=True))
            await self._talk(writer, until, hearing)
            writer.write(wire.publish(topic(self.identity, "status"), self._status("offline"), None, retain=True))
            writer.write(wire.DISCONNECT)
            await writer.drain()
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
                await hearing

    async def _talk(self, writer: asyncio.StreamWriter, until: float, hearing: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + KEEPALIVE_S / 2
        while loop.time() < until or (self._unacknowledged and loop.time() < until + 30):
            if hearing.done():
                raise ConnectionError("the broker ended the connection")
            if loop.time() >= ping_at:
                writer.write(wire.PINGREQ)
                ping_at = loop.time() + KEEPALIVE_S / 2
            while self._due[0][0] <= loop.time() < until:
                at, kind = heapq.heappop(self._due)
                self._say(writer, kind)
                gap_min = self._chance.expovariate(1 / EVERY_MIN[kind]) if kind == "data/event" else EVERY_MIN[kind]
                heapq.heappush(self._due, (at + gap_min * MINUTE_S / self._speed, kind))
            await writer.drain()
            wake = min(self._due[0][0], ping_at, until) if loop.time() < until else loop.time() + 0.1
            await asyncio.sleep(max(0.0, min(1.0, wake - loop.time())))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind, body = await wire.read(reader)
            if kind == wire.PUBACK and self._unacknowledged.pop(int.from_bytes(body[:2]), None) is not None:
                self._counts["acknowledged"] += 1

    def _say(self, writer: asyncio.StreamWriter, kind: str) -> None:
        if kind == "health":
            health = _EXAMPLES["health"].result  # type: ignore[attr-defined]
            message: Message = HealthMessage(**self._head(), result=health)
            writer.write(wire.publish(topic(self.identity, kind), encode(message), None, retain=True))
            return
        self._seq += 1
        payload = self._durable(kind)
        self._packet = self._packet % 65_535 + 1
        self._unacknowledged[self._packet] = (topic(self.identity, kind), payload)
        writer.write(wire.publish(topic(self.identity, kind), payload, self._packet))
        self._counts["published"] += 1
        self._counts["bytes"] += len(payload)
        if kind in ("data/minute", "data/caption"):
            where = topic(self.identity, kind.replace("data/", "latest/"))
            writer.write(wire.publish(where, payload, None, retain=True))

    def _durable(self, kind: str) -> bytes:
        example = _EXAMPLES[kind.removeprefix("data/")]
        assert isinstance(example, Envelope)
        if kind == "data/minute":
            self._minute += 1
        now = self._start + timedelta(minutes=self._minute)
        record = example.result  # type: ignore[attr-defined]
        if kind in ("data/minute", "data/period"):
            laeq = round(55 + 6 * math.sin(now.hour / 24 * math.tau) + self._chance.gauss(0, 2.5), 1)
            levels = record.levels.model_copy(update={"LAeq": laeq, "L90": laeq - 6.0, "LAFmax": laeq + 11.0})
            isop = round(max(-1.0, min(1.0, self._chance.gauss(0.2, 0.3))), 3)
            affect = record.affect.model_copy(update={"isop": isop, "isoe": round(self._chance.uniform(-0.5, 0.5), 3)})
            record = record.model_copy(update={"start": now, "levels": levels, "affect": affect})
        elif kind == "data/caption":
            record = record.model_copy(update={"start": now - timedelta(minutes=5), "end": now})
        else:
            record = record.model_copy(update={"onset": now, "offset": now + timedelta(seconds=8)})
        numbers = {
            "mid": message_id(self.identity, self._seq),
            "seq": self._seq,
            "phenomenonTime": iso_interval(*span(record)),
            "result": record,
        }
        return encode(example.model_copy(update=self._head() | numbers))

    def _meta(self) -> bytes:
        around = Location(
            latitude=round(_CENTRE[0] + self._chance.uniform(-0.1, 0.1), 4),
            longitude=round(_CENTRE[1] + self._chance.uniform(-0.15, 0.15), 4),
            decimals=4,
        )
        meta = Meta(software="virtual node", place=self.identity.node, location=around, schemas=schema_uris())
        return encode(MetaMessage(**self._head(), result=meta))

    def _status(self, state: str) -> bytes:
        reason = "connected" if state == "online" else "stopped"
        status = Status.model_validate({"state": state, "since": datetime.now(UTC), "reason": reason})
        return encode(StatusMessage(**self._head(), result=status))

    def _head(self) -> dict[str, object]:
        return self.identity.model_dump() | {"resultTime": datetime.now(UTC)}


_EXAMPLES = examples()


async def simulate(
    settings: MqttSettings,
    *,
    nodes: int,
    duration_s: float,
    site: str = "fleet",
    speed: float = 1.0,
    on_progress: Callable[[Counter[str]], None] = lambda counts: None,
) -> Counter[str]:
    """Let virtual nodes talk for a while; `speed` makes their minutes shorter. Return what they counted."""
    counts = Counter[str]()
    address = Address.of(settings)
    tls = tls_context(settings) if address.tls else None
    secret = password(settings)
    loop = asyncio.get_running_loop()
    until = loop.time() + duration_s + nodes / CONNECTS_PER_S
    tasks = []
    for number in range(nodes):
        node = VirtualNode(settings, site, number, speed, counts)
        tasks.append(asyncio.create_task(node.live(until, tls, secret)))
        if number % 20 == 19:
            await asyncio.sleep(20 / CONNECTS_PER_S)
    reporting = asyncio.create_task(_report(counts, on_progress))
    await asyncio.gather(*tasks)
    reporting.cancel()
    return counts


async def _report(counts: Counter[str], on_progress: Callable[[Counter[str]], None]) -> None:
    while True:
        await asyncio.sleep(10)
        on_progress(counts)
