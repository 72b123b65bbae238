"""One MQTT connection, from CONNECT to its end, served by the thread that made it.

paho's own network thread is not used: its callbacks run inside its locks, and an exception there stops it silently.
Here the owner waits on the socket and on its own wake-up at once, and everything happens in that one thread.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor.publish.link.address import Address, password, tls_context
from monitor.publish.link.reasons import PASSING, Code, handshake, refusal, trouble
from monitor.settings import MqttSettings

CONNECT_S = 5.0
"""Time for the network, the TLS handshake and the broker's answer, each, s."""
LOOPBACK_S = 2.0
"""Time for the answer of a broker on this machine, s: the demo broker never answers MQTT 5."""
NEVER_EXPIRES = 0xFFFFFFFF


class Lost(Exception):
    """The connection could not be made, or ended; the sentence says why."""


class Refused(Lost):
    """The broker said no: trying again soon will not help."""


class Unanswered(Lost):
    """The broker may not speak this version of MQTT."""


@dataclass(slots=True)
class Will:
    """What the broker says for a client that is gone."""

    topic: str
    payload: bytes


class Options(TypedDict, total=False):
    """What a connection may be asked for."""

    will: Will | None
    keep_session: bool
    window: int
    on_acknowledged: Callable[[int, ReasonCode], None] | None
    on_message: Callable[[paho.MQTTMessage], None] | None
    manual_ack: bool


class Connection:
    """A connection that is open once made; every method belongs to the thread that made it."""

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        version: MQTTProtocolVersion,
        *,
        will: Will | None = None,
        keep_session: bool = False,
        window: int = 20,
        on_acknowledged: Callable[[int, ReasonCode], None] | None = None,
        on_message: Callable[[paho.MQTTMessage], None] | None = None,
        manual_ack: bool = False,
    ) -> None:
        self.address = Address.of(settings)
        self.version = version
        self.session_present = False
        self.maximum_packet: int | None = None
        self.window = window
        self._closed: ReasonCode | None = None
        self._answer: ReasonCode | None = None
        self._error = ""
        self._filters: list[str] = []
        self._denied: str | None = None
        self.subscribed = False
        """The broker has answered the subscription."""
        v5 = version == MQTTProtocolVersion.MQTTv5
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if v5 else not keep_session,
            protocol=version,
            manual_ack=manual_ack,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(window)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        client.on_subscribe = self._on_subscribe
        if on_acknowledged is not None:
            client.on_publish = lambda _c, _u, mid, code, _p: on_acknowledged(mid, code)
        if on_message is not None:
            client.on_message = lambda _c, _u, message: on_message(message)
        secret = password(settings)
        if settings.username is not None:
            client.username_pw_set(settings.username, secret)
        if self.address.tls:
            client.tls_set_context(tls_context(settings))
        if will is not None:
            client.will_set(
                will.topic, will.payload, qos=1, retain=True, properties=content(version, PacketTypes.WILLMESSAGE)
            )
        self._open(settings, keep_session, v5)

    def _open(self, settings: MqttSettings, keep_session: bool, v5: bool) -> None:
        arguments: dict[str, object] = {}
        if v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = NEVER_EXPIRES if keep_session else 0
            properties.ReceiveMaximum = self.window
            arguments = {"clean_start": not keep_session, "properties": properties}
        try:
            self._client.connect(self.address.host, self.address.port, settings.keepalive_s, **arguments)  # type: ignore[arg-type]
        except OSError as error:
            raise Lost(trouble(error, str(self.address), tls=self.address.tls)) from error
        patience_s = LOOPBACK_S if self.address.loopback else CONNECT_S
        deadline = time.monotonic() + patience_s
        try:
            while self._answer is None:
                self.serve(0.25)
                if self._answer is None and time.monotonic() > deadline:
                    raise Unanswered(f"{self.address} takes connections but does not answer within {patience_s:.0f} s")
        except Lost:
            self._drop()
            if self._answer is None or not self._answer.is_failure:
                raise
        if self._answer is not None and self._answer.is_failure:
            self._drop()
            if self._answer.value == Code.PROTOCOL_VERSION:
                raise Unanswered(refusal(self._answer))
            raise (Lost if self._answer.value in PASSING else Refused)(refusal(self._answer))

    def serve(self, timeout_s: float, wake: socket.socket | None = None) -> None:
        """Wait for the network or the wake-up, at most `timeout_s`, and handle what is there; Lost when it ended."""
        client = self._client
        sock = client.socket()
        if sock is None:
            raise self._end()
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        reading: list[object] = [sock] if wake is None else [sock, wake]
        readable, writable, _ = select.select(  # type: ignore[type-var]
            reading, [sock] if client.want_write() else [], [], 0 if pending else timeout_s
        )
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        if sock in readable or pending:
            code = client.loop_read()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS and sock in writable and client.socket() is not None:
            code = client.loop_write()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS and client.socket() is not None:
            code = client.loop_misc()
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is None:
            raise self._end()
        if self._denied is not None:
            self.close()
            raise Refused(self._denied)

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, properties: Properties | None = None
    ) -> int:
        """Send a message and return its packet identifier; `on_acknowledged` gets it back."""
        info = self._client.publish(topic, payload, qos, retain, properties)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_QUEUE_SIZE):
            raise self._end()
        return info.mid

    def subscribe(self, topics: list[str], qos: int = 1, *, required: bool = True) -> None:
        """Subscribe to topic filters; a broker that denies one it is required to serve ends the connection."""
        self._filters = topics if required else []
        self._client.subscribe([(topic, qos) for topic in topics])

    def acknowledge(self, message: paho.MQTTMessage) -> None:
        """Tell the broker that a message has been dealt with (with `manual_ack`)."""
        self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """Say goodbye: the broker keeps the last will to itself."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self._drop()

    def _drop(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _on_connect(
        self, _c: object, _u: object, flags: paho.ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._answer = code
        self.session_present = flags.session_present
        self.maximum_packet = getattr(properties, "MaximumPacketSize", None)
        self.window = min(self.window, getattr(properties, "ReceiveMaximum", self.window))

    def _on_disconnect(self, _c: object, _u: object, flags: paho.DisconnectFlags, code: ReasonCode, _p: object) -> None:
        if flags.is_disconnect_packet_from_server:
            self._closed = code

    def _on_subscribe(self, _c: object, _u: object, _m: int, codes: list[ReasonCode], _p: object) -> None:
        self.subscribed = True
        denied = [topic for topic, code in zip(self._filters, codes, strict=False) if code.is_failure]
        if denied:
            self._denied = f"the broker's access list does not let this client read {', '.join(denied)}"

    def _on_log(self, _c: object, _u: object, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._error = text

    def _end(self) -> Lost:
        if self._closed is not None:
            sentence = refusal(self._closed)
            return Refused(sentence) if self._closed.value == Code.TAKEN_OVER else Lost(sentence)
        if "SSL" in self._error:
            return Lost(handshake(self._error))
        if self._answer is None:
            return Unanswered(f"{self.address} closed the connection without an answer")
        return Lost(f"{self.address} went away")


def content(
    version: MQTTProtocolVersion, packet: int = PacketTypes.PUBLISH, expiry_s: int | None = None, **user: str
) -> Properties | None:
    """Return the MQTT v5 properties of a JSON payload; None for v3.1.1, which has none."""
    if version != MQTTProtocolVersion.MQTTv5:
        return None
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    if user:
        properties.UserProperty = list(user.items())
    return properties
