"""The node's voice: records go through the durable outbox to one broker; state, health and live views go beside it.

Every method may be called from any thread; one thread of its own holds the connection.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from monitor.publish.contract.messages import (
    KINDS,
    MAX_PAYLOAD,
    Durable,
    HealthMessage,
    Identity,
    MetaMessage,
    SnapshotMessage,
    encode,
    iso_interval,
    kind_of,
    message_id,
    schema_uris,
    span,
    topic,
)
from monitor.publish.contract.payloads import Digest, Meta
from monitor.publish.link.address import Address
from monitor.publish.posts import Post, Posts
from monitor.publish.voice import Voice
from monitor.records import Interval, Quality
from monitor.settings import MqttSettings
from monitor.snapshot import Health, Snapshot
from monitor.store.outbox import Outbox

log = logging.getLogger(__name__)


class Publisher:
    """Publishes one node; `start`, then `publish`, `live`, `health`, `meta`, then `stop`.

    Raises MqttConfigError at once for settings that can never work.
    """

    def __init__(self, settings: MqttSettings, identity: Identity, outbox_path: Path) -> None:
        self.identity = identity
        self._settings = settings
        self._address = Address.of(settings)
        self._sends_live = settings.live == "on" or (settings.live == "auto" and self._address.loopback)
        self._outbox = Outbox(outbox_path, settings)
        self._posts = Posts()
        self._voice = Voice(settings, identity, self._outbox, self._posts)
        self._too_large = 0

    def start(self) -> None:
        """Begin to connect; a broker that is away is tried for ever."""
        self._voice.start()

    def publish(self, record: Durable, quality: Quality | None = None) -> UUID | None:
        """Store a record for the broker and return its `mid`; None when it is too large and was left out.

        When this returns, the message survives a power cut. The quality defaults to the record's own.
        """
        if isinstance(record, Digest):  # its events have gone out one by one, and a day of them is long
            record = record.model_copy(update={"summary": record.summary.model_copy(update={"sound_events": []})})
            quality = quality or record.summary.quality
        elif isinstance(record, Interval):
            quality = quality or record.quality
        kind = kind_of(record)
        fields = self._head() | {
            "phenomenonTime": iso_interval(*span(record)),
            "late": False,
            "quality": quality,
            "result": record,
        }

        def make(seq: int) -> bytes:
            return encode(KINDS[kind].model_validate(fields | {"mid": message_id(self.identity, seq), "seq": seq}))

        if len(make(1)) > MAX_PAYLOAD:
            self._too_large += 1
            log.error("message.too_large", extra={"kind": kind, "limit_bytes": MAX_PAYLOAD})
            return None
        seq = self._outbox.put(kind, topic(self.identity, kind), self.identity.session, make)
        self._posts.wake()
        return message_id(self.identity, seq)

    def live(self, snapshot: Snapshot) -> None:
        """Send the live view if it is wanted and the broker is there; never stored."""
        if self._sends_live and self._voice.connected:
            self._posts.put(Post("live/snapshot", encode(SnapshotMessage(**self._head(), result=snapshot))))

    def health(self, health: Health) -> None:
        """Publish what the node thinks of itself; the newest is sent when the broker returns."""
        self._posts.put(Post("health", encode(HealthMessage(**self._head(), result=health))))

    def meta(self, meta: Meta) -> None:
        """Publish what changes rarely; it is sent again with every birth."""
        meta = meta.model_copy(update={"schemas": meta.schemas or schema_uris()})
        self._voice.meta = meta
        self._posts.put(Post("meta", encode(MetaMessage(**self._head(), result=meta))))

    def stop(self, deadline_s: float = 5.0) -> None:
        """Send what waits if the broker is there, then `offline`, then end; what is left waits for the next start."""
        self._voice.stop(deadline_s)
        self._outbox.close()

    @property
    def state(self) -> str:
        """Connecting | connected | reconnecting: why | refused: why | failed: why | stopped."""
        return self._voice.state

    @property
    def failure(self) -> Exception | None:
        """An exception that nobody expected: the publisher has ended."""
        return self._voice.failure

    @property
    def outbox_depth(self) -> int:
        """Messages that the broker has not acknowledged."""
        return self._outbox.depth

    @property
    def counters(self) -> dict[str, int]:
        """Messages since the start: stored, delivered, refused, too_large, dropped/<kind>."""
        return {**self._outbox.counters, "too_large": self._too_large}

    @property
    def bytes_today(self) -> int:
        """Bytes of MQTT sent since 0 h UTC, without TLS, TCP and IP."""
        return self._voice.bytes_today

    @property
    def concerns(self) -> list[str]:
        """What the operator should know, each a sentence: reasons of a degraded health."""
        plain = self._settings.username and not self._address.tls and not self._address.loopback
        dropped = sum(n for name, n in self._outbox.counters.items() if name.startswith("dropped/"))
        found = [
            f"{dropped} messages were dropped to keep the outbox within its limits" if dropped else None,
            self._outbox.trouble,
            self._voice.refusal,
            "the broker's certificate is not verified" if self._settings.insecure_skip_verify else None,
            "the password goes to the broker unencrypted: use an mqtts:// url" if plain else None,
            f"{self._too_large} messages were larger than {MAX_PAYLOAD} bytes" if self._too_large else None,
        ]
        return [reason for reason in found if reason]

    def _head(self) -> dict[str, object]:
        return self.identity.model_dump() | {"resultTime": datetime.now(UTC)}
