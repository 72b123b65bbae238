"""A subscriber whose session the broker keeps: what was published, and what is missing."""

import threading
import time
from collections import Counter, defaultdict

from benchmarks.soak.witness import Witness
from monitor.publish.contract.messages import (
    ROOT,
    Envelope,
    HealthMessage,
    Message,
    SnapshotMessage,
    StatusMessage,
    decode,
)
from monitor.publish.fleet.follow import parse_topic
from monitor.publish.link.subscription import Subscription
from monitor.settings import MqttSettings
from monitor.snapshot import Health


class Ear:
    """Hears one node; numbers are kept by session."""

    def __init__(self, settings: MqttSettings, site: str, node: str, witness: Witness) -> None:
        self._witness = witness
        self.numbers: defaultdict[str, set[int]] = defaultdict(set)
        self.kinds: Counter[str] = Counter()
        """Durable messages by topic below the node, repeats left out."""
        self.repeats = 0
        self.sessions: list[str] = []
        """In the order in which they were first heard of."""
        self._subscription = Subscription(
            settings, f"soak-{node}", [f"{ROOT}/{site}/{node}/#"], keep_session=True, manual_ack=True, window=50
        )
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)
        self._thread.start()
        if not self._connected.wait(20):
            raise SystemExit(f"the subscriber could not connect: {self._subscription.state}")

    def drained(self, told: int, timeout_s: float = 30) -> None:
        """Wait until so many messages have arrived, at most so long."""
        deadline = time.monotonic() + timeout_s
        while sum(self.kinds.values()) < told and time.monotonic() < deadline:
            time.sleep(0.05)

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(20)

    def _listen(self) -> None:
        while not self._stop.is_set():
            deliveries = self._subscription.receive(0.05)
            if self._subscription.state == "connected":
                self._connected.set()
            for delivery in deliveries:
                _, _, kind = parse_topic(delivery.topic)
                if not delivery.retained:
                    self._hear(kind, decode(kind, delivery.payload))
            self._subscription.acknowledge(deliveries)
        self._subscription.close()

    def _hear(self, kind: str, message: Message) -> None:
        if message.session not in self.sessions and not (
            isinstance(message, StatusMessage) and message.result.state == "offline"
        ):
            self.sessions.append(message.session)
        match message:
            case StatusMessage(result=status):
                self._see("status", f"{status.state}: {status.reason}", message)
            case HealthMessage(result=health):
                self._see("health", told(health), message)
            case SnapshotMessage(result=snapshot):
                self._see("snapshot", told(snapshot.health), message)
            case Envelope() if kind.startswith("data/"):
                again = message.seq in self.numbers[message.session]
                self.repeats += again
                self.kinds[kind] += not again
                self.numbers[message.session].add(message.seq)
                self._see("message", kind, message)

    def _see(self, side: "str", text: str, message: Message) -> None:
        self._witness.see(side, text, message, message.session)  # type: ignore[arg-type]


def told(health: Health) -> str:
    """Return a health as the operator reads it."""
    return f"{health.state}: {'; '.join(health.reasons)}"
