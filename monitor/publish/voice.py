"""The publish thread: the only one that touches the connection, and the only one that removes from the outbox."""

import logging
import select
import threading
import time
from datetime import UTC, datetime
from typing import Literal

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from monitor.publish.contract.messages import Identity, MetaMessage, StatusMessage, encode, schema_uris, topic
from monitor.publish.contract.payloads import Meta, Status
from monitor.publish.contract.ways import WAYS
from monitor.publish.drain import Drain
from monitor.publish.home_assistant import discovery, discovery_topic
from monitor.publish.link.address import MqttConfigError
from monitor.publish.link.connection import Connection, Lost, Refused, Will, content
from monitor.publish.link.dialer import Backoff, dial
from monitor.publish.posts import Post, Posts
from monitor.settings import MqttSettings
from monitor.store.outbox import Outbox
from monitor.store.outbox_file import Entry

log = logging.getLogger(__name__)

LATEST = {"data/minute": "latest/minute", "data/caption": "latest/caption"}
FAREWELL_S = 2.0
STEADY_S = 10.0
"""A connection that held so long was a good one, s."""
SHORT_CONNECTIONS = 3
REPEATED = ", again and again: does another node use the same site and name?"
HEADER_BYTES = 8
"""Of a PUBLISH packet and its acknowledgement, beside topic, payload and properties, roughly."""
_SCHEMAS = schema_uris()


class Voice(threading.Thread):
    """Connects, says `online`, drains the outbox, sends posts, says `offline`."""

    def __init__(self, settings: MqttSettings, identity: Identity, outbox: Outbox, posts: Posts) -> None:
        super().__init__(name="publish", daemon=True)
        self.state = "connecting"
        self.failure: Exception | None = None
        self.meta: Meta | None = None
        self._settings, self._identity, self._outbox, self._posts = settings, identity, outbox, posts
        self._drain: Drain | None = None
        self._stop_at: float | None = None
        self._sent: tuple[str, int] = ("", 0)
        self._announce_again = False
        self._awaited: int | None = None
        self._began = 0.0
        self._short = 0

    @property
    def connected(self) -> bool:
        """True while a connection holds."""
        return self._drain is not None

    @property
    def refusal(self) -> str | None:
        """Why the broker refuses messages, None when it takes them."""
        drain = self._drain
        return drain.refusal if drain is not None else None

    @property
    def bytes_today(self) -> int:
        """Bytes of MQTT sent since 0 h UTC."""
        day, sent = self._sent
        return sent if day == _today() else 0

    def stop(self, deadline_s: float) -> None:
        """Drain until the deadline if connected, say `offline` and end."""
        self._stop_at = time.monotonic() + deadline_s
        self._posts.wake()
        if self.is_alive():
            self.join(deadline_s + FAREWELL_S)

    def run(self) -> None:
        """Work until `stop`."""
        try:
            self._work()
            self._become("stopped")
        except Exception as error:
            self.failure = error
            self._become(f"failed: {type(error).__name__}: {error}")
            raise
        finally:
            self._drain = None
            self._outbox.close()

    def _work(self) -> None:
        backoff = Backoff()
        while True:
            try:
                connection = dial(
                    self._settings,
                    client_id(self._identity),
                    will=Will(topic(self._identity, "status"), self._status("offline", "connection lost")),
                    window=self._settings.max_in_flight,
                    on_acknowledged=self._acknowledged,
                    on_message=self._on_message,
                )
                self._began = time.monotonic()
                try:
                    self._serve(connection, backoff)
                finally:
                    connection.close()
                return
            except MqttConfigError as error:
                lost: Lost = Refused(str(error))
            except Lost as error:
                lost = error
            began, self._began = self._began, 0.0
            if began:
                self._short = self._short + 1 if time.monotonic() - began < STEADY_S else 0
            self._drain = None
            again = REPEATED if self._short >= SHORT_CONNECTIONS else ""
            self._become(f"{'refused' if isinstance(lost, Refused) else 'reconnecting'}: {lost}{again}")
            if self._pause(backoff.wait_s(lost)):
                return

    def _serve(self, connection: Connection, backoff: Backoff) -> None:
        """Drain and post until told to stop; Lost when the connection ends."""
        self._birth(connection)
        drain = self._drain = Drain(
            self._outbox, connection, self._settings, lambda entry: self._after_sending(connection, entry)
        )
        self._become("connected")
        while self._stop_at is None or (not drain.idle and time.monotonic() < self._stop_at):
            for post in self._posts.take():
                self._send(connection, post)
            if self._announce_again:
                self._announce(connection)
            self._outbox.maintain()
            connection.serve(drain.step(), self._posts.bell)
            if self._posts.silence():
                drain.wake()
            if time.monotonic() - self._began > STEADY_S:
                backoff.reset()
        drain.finish()
        for post in self._posts.take():
            self._send(connection, post)
        self._awaited = self._send(connection, Post("status", self._status("offline", "stopped")))
        deadline = time.monotonic() + FAREWELL_S
        while self._awaited is not None and time.monotonic() < deadline:
            connection.serve(0.1)

    def _birth(self, connection: Connection) -> None:
        self._send(connection, Post("status", self._status("online", "connected")))
        if self.meta is not None:
            message = MetaMessage(**self._identity.model_dump(), resultTime=datetime.now(UTC), result=self.meta)
            self._send(connection, Post("meta", encode(message)))
        if self._settings.discovery:
            connection.subscribe([f"{self._settings.discovery_prefix}/status"], required=False)
            self._announce(connection)

    def _announce(self, connection: Connection) -> None:
        self._announce_again = False
        where = discovery_topic(self._identity, self._settings.discovery_prefix)
        payload = discovery(self._identity, self.meta)
        connection.publish(where, payload, retain=True, properties=content(connection.version))
        self._count(where, payload)

    def _on_message(self, message: paho.MQTTMessage) -> None:
        """Home Assistant has started and wants to be told again what there is."""
        self._announce_again = message.payload == b"online"

    def _after_sending(self, connection: Connection, entry: Entry) -> None:
        self._count(entry.topic, entry.payload)
        if entry.kind in LATEST and not entry.late:
            self._send(connection, Post(LATEST[entry.kind], entry.payload))

    def _send(self, connection: Connection, post: Post) -> int:
        where, way = topic(self._identity, post.kind), WAYS[post.kind]
        properties = content(connection.version, expiry_s=way.expiry_s, schema=_SCHEMAS[post.kind])
        self._count(where, post.payload)
        return connection.publish(where, post.payload, qos=way.qos, retain=way.retain, properties=properties)

    def _acknowledged(self, packet: int, code: ReasonCode) -> None:
        if packet == self._awaited:
            self._awaited = None
        if self._drain is not None:
            self._drain.acknowledged(packet, code)

    def _status(
        self, state: Literal["online", "offline"], reason: Literal["connected", "stopped", "connection lost"]
    ) -> bytes:
        now = datetime.now(UTC)
        status = Status(state=state, since=now, reason=reason)
        return encode(StatusMessage(**self._identity.model_dump(), resultTime=now, result=status))

    def _become(self, state: str) -> None:
        if state != self.state:
            self.state = state
            log.info("mqtt.state", extra={"state": state, "outbox": self._outbox.depth})

    def _count(self, where: str, payload: bytes) -> None:
        self._sent = (_today(), self.bytes_today + len(where) + len(payload) + HEADER_BYTES)

    def _pause(self, seconds: float) -> bool:
        """Wait for the next try; True as soon as it is time to stop."""
        until = time.monotonic() + seconds
        while self._stop_at is None and (left := until - time.monotonic()) > 0:
            self._outbox.maintain()
            select.select([self._posts.bell], [], [], left)
            self._posts.silence()
        return self._stop_at is not None


def client_id(identity: Identity) -> str:
    """Return what a node calls itself at a broker; no two nodes share it, as names hold no slash."""
    return f"soundscape-{identity.site}/{identity.node}"


def _today() -> str:
    return f"{datetime.now(UTC):%F}"
