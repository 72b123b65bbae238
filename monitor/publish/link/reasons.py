"""What a broker or a network means, in words for whoever has to fix it."""

import socket
import ssl
from enum import IntEnum

from paho.mqtt.reasoncodes import ReasonCode


class Code(IntEnum):
    """MQTT 5.0 reason codes that matter here (OASIS MQTT 5.0, section 2.4)."""

    UNSPECIFIED = 128
    IMPLEMENTATION = 131
    PROTOCOL_VERSION = 132
    CLIENT_ID = 133
    BAD_CREDENTIALS = 134
    NOT_AUTHORIZED = 135
    UNAVAILABLE = 136
    BUSY = 137
    BANNED = 138
    SHUTTING_DOWN = 139
    TAKEN_OVER = 142
    TOPIC_NAME = 144
    PACKET_TOO_LARGE = 149
    QUOTA = 151
    PAYLOAD_FORMAT = 153


_CREDENTIALS = "the broker does not accept the user name or password: check mqtt.username and mqtt.password_file"
_SENTENCES: dict[int, str] = {
    Code.PROTOCOL_VERSION: "the broker does not speak this version of MQTT: set mqtt.protocol to auto",
    Code.CLIENT_ID: "the broker does not accept the client id",
    Code.BAD_CREDENTIALS: _CREDENTIALS,
    Code.NOT_AUTHORIZED: _CREDENTIALS,
    Code.UNAVAILABLE: "the broker is not available",
    Code.BUSY: "the broker is busy",
    Code.BANNED: "the broker has banned this node",
    Code.SHUTTING_DOWN: "the broker is shutting down",
    Code.TAKEN_OVER: "another client connected with the same client id: give every node its own site and name",
    Code.PACKET_TOO_LARGE: "the broker does not take messages of this size",
    Code.QUOTA: "the broker's quota is exceeded",
}
PASSING = frozenset({Code.UNAVAILABLE, Code.BUSY, Code.SHUTTING_DOWN})
"""Refusals of a connection that end by themselves soon."""
RETRY = frozenset({Code.UNSPECIFIED, Code.IMPLEMENTATION, Code.QUOTA})
"""Refusals of a message that say nothing against the message: it is sent again later."""


def refusal(code: ReasonCode) -> str:
    """Return what the reason code of a CONNACK or a DISCONNECT means."""
    return _SENTENCES.get(code.value, f"the broker refused: {str(code).lower()} (code {code.value})")


def rejection(code: ReasonCode) -> str:
    """Return what the reason code of a PUBACK means."""
    if code.value == Code.NOT_AUTHORIZED:
        return "the broker's access list does not let this node publish here (code 135)"
    return f"{str(code).lower()} (code {code.value})"


def trouble(error: Exception, address: str, *, tls: bool = False) -> str:
    """Return why a connection could not be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == 10:
            return f"the certificate of {address} has expired"
        if error.verify_code == 9:
            return f"the certificate of {address} is not valid yet: is this node's clock right?"
        if error.verify_code in (62, 64):
            return f"the certificate of {address} is made out to another name: {error.verify_message}"
        return f"the certificate of {address} is not trusted: {error.verify_message} (see mqtt.ca_file)"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {address}: {handshake(str(error))}"
    if isinstance(error, socket.gaierror):
        return f"the name of {address} is not known: {error.strerror}"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {address}"
    maybe = ", or does not speak TLS on this port" if tls else ""
    if isinstance(error, TimeoutError):
        return f"{address} does not answer{maybe}"
    if isinstance(error, ConnectionResetError):
        return f"{address} closed the connection{maybe}"
    return f"{address} cannot be reached: {getattr(error, 'strerror', None) or error}"


def handshake(detail: str) -> str:
    """Return what an error of the TLS library means."""
    lower = detail.lower()
    for needle, sentence in (
        ("certificate_expired", "the broker says that the client certificate has expired"),
        ("certificate_required", "the broker asks for a client certificate: set mqtt.cert_file and mqtt.key_file"),
        ("unknown_ca", "the broker does not know the authority of the client certificate"),
        ("bad_certificate", "the broker does not accept the client certificate"),
        ("wrong_version_number", "the broker does not speak TLS on this port"),
        ("unexpected eof", "the broker ended the TLS handshake"),
    ):
        if needle in lower or needle.replace("_", " ") in lower:
            return sentence
    return detail
