"""What all bridges share: a persistent MQTT session, acknowledged only when the platform has the data."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from pydantic_core import to_json

from monitor.publish.contract.messages import ROOT, Envelope, MetaMessage
from monitor.publish.fleet.follow import read
from monitor.publish.link.connection import Lost
from monitor.publish.link.dialer import Backoff
from monitor.publish.link.subscription import Delivery, Subscription
from monitor.settings import MqttSettings

log = logging.getLogger(__name__)

WINDOW = 100
"""Messages that the broker hands over before the first of them is acknowledged."""
HTTP_S = 20.0
QUIET_S = 0.5
"""When the nodes have said nothing more about themselves for so long, data may be carried, s."""


class Away(Exception):
    """The platform cannot take data now: the same data are offered again."""


class Unusable(Exception):
    """The platform refuses whoever we are: someone has to change the settings; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message for a platform."""

    message: Envelope
    again: bool
    """It may have been handed to the platform before."""


class Platform(Protocol):
    """Where data go."""

    batch: int
    """Messages that it is handed at a time: they must be done before the broker misses us, 1.5 times the keepalive."""

    def describe(self, meta: MetaMessage) -> None:
        """Take note of a node."""

    def send(self, items: Sequence[Item]) -> Counter[str]:
        """Hand over messages, each once however often it is sent; return counts of sent, refused, left_out.

        Raises Away when nothing is certain, Unusable when no try will help.
        """


def post(
    client: httpx.Client, url: str, body: object, content_type: str = "application/json", **options: Any
) -> httpx.Response:
    """Post a body as JSON, numbers that JSON cannot hold as null; return or raise as `answer` does."""
    content = to_json(body, inf_nan_mode="null")
    return answer(client.post(url, content=content, headers={"Content-Type": content_type}, **options))


def answer(response: httpx.Response) -> httpx.Response:
    """Return a response that says something about the data; raise Away or Unusable for the others."""
    if response.status_code in (401, 403):
        raise Unusable(f"{response.request.url} answers {response.status_code}: check the token")
    if response.status_code in (408, 425, 429) or response.status_code >= 500:
        raise Away(f"{response.request.url} answers {response.status_code}")
    return response


def relay(
    settings: MqttSettings,
    client_id: str,
    kinds: Sequence[str],
    platform: Platform,
    *,
    stop: threading.Event,
    site: str = "+",
    on_state: Callable[[str], None] = lambda state: None,
) -> Counter[str]:
    """Carry messages until `stop`; return how many were sent, refused, left out or unreadable.

    The broker keeps the session of `client_id` while the bridge is away, so that it goes on where it ended.
    """
    filters = [f"{ROOT}/{site}/+/{kind}" for kind in kinds]
    counts, backoff, state = Counter[str](), Backoff(), ""
    pending: list[Delivery] = []
    offered, not_before = 0, 0.0
    with (
        Subscription(settings, f"{client_id}-meta", [f"{ROOT}/{site}/+/meta"]) as about,
        Subscription(settings, client_id, filters, keep_session=True, manual_ack=True, window=WINDOW) as source,
    ):
        quiet = began = False
        while not stop.is_set() and not quiet:  # places first: data without one may have to be left out
            said = _describe(about.receive(QUIET_S), platform)
            quiet = not said and about.state == "connected"
            if about.state != state:
                state = about.state
                on_state("connecting" if state == "connected" else state)
        while not stop.is_set():
            _describe(about.receive(0), platform)
            ready = bool(pending) and time.monotonic() >= not_before
            pending += source.receive(0 if ready else 0.25)
            told = source.state
            if pending and time.monotonic() >= not_before:
                batch = pending[: platform.batch]
                try:
                    counts += _carry(batch, platform, offered)
                    source.acknowledge(batch)
                    del pending[: len(batch)]
                    offered = 0
                    backoff.reset()
                except (Away, httpx.TransportError) as error:
                    offered = len(batch)
                    not_before = time.monotonic() + backoff.wait_s(Lost(str(error)))
                    told = f"waiting for the platform: {error}"
            if told != state or not began:
                began = True
                state = told
                log.info("bridge.state", extra={"state": state})
                on_state(state)
    return counts


def _describe(deliveries: Sequence[Delivery], platform: Platform) -> int:
    """Tell the platform what nodes say of themselves; return how many said something."""
    for delivery in deliveries:
        with suppress(ValueError):
            _, message = read(delivery.topic, delivery.payload)
            if isinstance(message, MetaMessage):
                platform.describe(message)
    return len(deliveries)


def _carry(batch: Sequence[Delivery], platform: Platform, offered: int) -> Counter[str]:
    """Hand over a batch, whose first `offered` messages were handed over before, perhaps in part."""
    counts, items = Counter[str](), list[Item]()
    for index, delivery in enumerate(batch):
        try:
            _, message = read(delivery.topic, delivery.payload)
        except ValueError as error:
            counts["unreadable"] += 1
            log.warning("bridge.unreadable", extra={"topic": delivery.topic, "reason": str(error)[:200]})
            continue
        if isinstance(message, Envelope):
            items.append(Item(message, index < offered or delivery.again or message.late))
    return counts + platform.send(items) if items else counts
