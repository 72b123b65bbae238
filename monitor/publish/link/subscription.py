"""Messages as they come in: a subscription that reconnects by itself, for the thread that reads it."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import paho.mqtt.client as paho

from monitor.publish.link.address import Address
from monitor.publish.link.connection import Connection, Lost, Refused
from monitor.publish.link.dialer import Backoff, dial
from monitor.settings import MqttSettings


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the broker handed it over."""

    topic: str
    payload: bytes
    retained: bool
    again: bool
    """The broker says that it may have handed this over before."""
    packet: int
    connection: int
    """Which connection brought it: an acknowledgement is good on that one only."""


class Subscription:
    """Topic filters on one broker.

    With `keep_session` the broker stores messages while the client is away (a fixed client id is needed then); with
    `manual_ack` it repeats what has not been given to `acknowledge`.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        filters: Sequence[str],
        *,
        keep_session: bool = False,
        manual_ack: bool = False,
        window: int = 100,
    ) -> None:
        Address.of(settings)
        self.state = "connecting"
        """connecting | connected | reconnecting: why | refused: why."""
        self._client_id, self._filters = client_id, list(filters)
        self._keep_session, self._manual_ack, self._window = keep_session, manual_ack, window
        self._settings, self._backoff = settings, Backoff()
        self._connection: Connection | None = None
        self._number = 0
        self._retry_at = 0.0
        self._inbox: deque[Delivery] = deque()
        self._packets: dict[int, paho.MQTTMessage] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, timeout_s: float = 1.0) -> list[Delivery]:
        """Return what has come, after at most `timeout_s` (plus a connection attempt); empty when nothing has."""
        deadline = time.monotonic() + timeout_s
        while not self._inbox:
            left = deadline - time.monotonic()
            if self._connection is None and (pause := self._retry_at - time.monotonic()) > 0:
                time.sleep(max(0.0, min(left, pause)))
            else:
                self._serve(max(0.0, left))
            if time.monotonic() >= deadline:
                break
        known = 0
        while self._connection is not None and known < len(self._inbox) < self._window:  # and what came behind it
            known = len(self._inbox)
            self._serve(0)
        deliveries = list(self._inbox)
        self._inbox.clear()
        return deliveries

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these were dealt with, in the order they came (with `manual_ack`)."""
        if self._connection is None:
            return
        for delivery in deliveries:
            message = self._packets.pop(delivery.packet, None) if delivery.connection == self._number else None
            if message is not None:
                self._connection.acknowledge(message)
        try:
            self._connection.serve(0)
        except Lost as error:
            self._lose(error)

    def close(self) -> None:
        """End the connection; a kept session stays with the broker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _serve(self, timeout_s: float) -> None:
        try:
            if self._connection is None:
                self._number += 1
                self._packets.clear()
                self._connection = dial(
                    self._settings,
                    self._client_id,
                    keep_session=self._keep_session,
                    manual_ack=self._manual_ack,
                    window=self._window,
                    on_message=self._on_message,
                )
                self._connection.subscribe(self._filters)
            self._connection.serve(timeout_s)
            if self._connection.subscribed and self.state != "connected":
                self.state = "connected"
                self._backoff.reset()
        except Lost as error:
            self._lose(error)

    def _lose(self, error: Lost) -> None:
        self._connection = None
        self._retry_at = time.monotonic() + self._backoff.wait_s(error)
        self.state = f"{'refused' if isinstance(error, Refused) else 'reconnecting'}: {error}"

    def _on_message(self, message: paho.MQTTMessage) -> None:
        if self._manual_ack and message.qos:
            self._packets[message.mid] = message
        self._inbox.append(
            Delivery(message.topic, bytes(message.payload), message.retain, message.dup, message.mid, self._number)
        )
