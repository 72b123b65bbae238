"""Following nodes from outside: their messages decoded, repeats left out, losses told."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError

from monitor.publish.contract.messages import ROOT, Envelope, Identity, Message, decode, message_id, topic
from monitor.publish.fleet.ledger import Ledger, Missing
from monitor.publish.link.subscription import Delivery, Subscription
from monitor.settings import MqttSettings


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a node."""

    site: str
    node: str
    kind: str
    """Topic below the node, e.g. data/minute."""
    payload: bytes
    retained: bool
    message: Message | None
    """None when it cannot be read as a message of v1; `fault` says why."""
    fault: str | None = None


def parse_topic(topic: str) -> tuple[str, str, str]:
    """Return site, node and kind of a topic; ValueError when it is not one of ours."""
    if not topic.startswith(f"{ROOT}/") or topic.count("/") < 4:
        raise ValueError(f"{topic} is not a topic below {ROOT}/site/node")
    _, _, site, node, kind = topic.split("/", 4)
    return site, node, kind


def read(where: str, payload: bytes) -> tuple[str, Message]:
    """Return kind and message of what came at a topic; ValueError when it is none of v1 or speaks for another node.

    A broker's access list knows topics only: without these checks a node could write in the name of any other.
    """
    kind = parse_topic(where)[2]
    message = decode(kind, payload)
    speaker = Identity(site=message.site, node=message.node, session=message.session)
    if topic(speaker, kind) != where:
        raise ValueError(f"it came at {where} and speaks for {speaker.site}/{speaker.node}")
    if isinstance(message, Envelope) and message.mid != message_id(speaker, message.seq):
        raise ValueError(f"its mid is not that of {speaker.node}, its session and its seq")
    return kind, message


class Follower:
    """Follows a node, a site ("+" as node) or everything; iterate it, or call `receive`."""

    def __init__(
        self,
        settings: MqttSettings,
        *,
        site: str = "+",
        node: str = "+",
        kinds: Sequence[str] = ("#",),
        on_loss: Callable[[Missing], None] | None = None,
        grace_s: float = 120.0,
    ) -> None:
        filters = [f"{ROOT}/{site}/{node}/{kind}" for kind in kinds]
        self._subscription = Subscription(settings, f"soundscape-follow-{secrets.token_hex(6)}", filters)
        self._ledger = Ledger(grace_s)
        self._on_loss = on_loss

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> str:
        """Connecting | connected | reconnecting: why | refused: why."""
        return self._subscription.state

    def __iter__(self) -> Iterator[Received]:
        """Yield messages for ever."""
        while True:
            yield from self.receive(1.0)

    def receive(self, timeout_s: float = 1.0) -> list[Received]:
        """Return what has come within `timeout_s`, perhaps nothing."""
        fresh = [received for d in self._subscription.receive(timeout_s) if (received := self._read(d)) is not None]
        if self._on_loss is not None:
            for gap in self._ledger.overdue():
                self._on_loss(gap)
        return fresh

    def close(self) -> None:
        """End the connection."""
        self._subscription.close()

    def _read(self, delivery: Delivery) -> Received | None:
        try:
            site, node, kind = parse_topic(delivery.topic)
        except ValueError:
            return None
        try:
            message, fault = read(delivery.topic, delivery.payload)[1], None
        except ValidationError as error:
            message, fault = None, f"not a v1 message: {error.errors()[0]['msg']}"
        except ValueError as error:
            message, fault = None, str(error)
        if isinstance(message, Envelope) and kind.startswith("data/"):
            is_new = self._ledger.add(message.site, message.node, message.session, message.seq)
            if not is_new:
                return None
        return Received(site, node, kind, delivery.payload, delivery.retained, message, fault)
