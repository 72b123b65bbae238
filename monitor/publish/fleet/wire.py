"""The few MQTT 3.1.1 packets that a virtual node needs (OASIS MQTT 3.1.1), so that thousands fit in one event loop."""

import asyncio
import struct

CONNACK, PUBACK, PINGRESP = 2, 4, 13
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


def connect(
    client_id: str, keepalive_s: int, will: tuple[str, bytes], username: str | None, password: str | None
) -> bytes:
    """Return CONNECT with a clean session and a retained last will, QoS 1."""
    flags = 0b0010_1110 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + bytes([4, flags]) + struct.pack("!H", keepalive_s)
    body += _text(client_id) + _text(will[0]) + struct.pack("!H", len(will[1])) + will[1]
    body += b"".join(_text(part) for part in (username, password) if part is not None)
    return _packet(0x10, body)


def publish(topic: str, payload: bytes, packet: int | None, *, retain: bool = False, again: bool = False) -> bytes:
    """Return PUBLISH; QoS 1 with a packet identifier, QoS 0 without."""
    first = 0x30 | (0x02 if packet is not None else 0) | int(retain) | (0x08 if again else 0)
    number = b"" if packet is None else struct.pack("!H", packet)
    return _packet(first, _text(topic) + number + payload)


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return type and body of the next packet; IncompleteReadError when the connection ends."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return first >> 4, await reader.readexactly(length)


def _packet(first: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, digit = size >> 7, size & 0x7F
        length += bytes([digit | 0x80 if size else digit])
        if not size:
            return bytes([first]) + length + body


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw
