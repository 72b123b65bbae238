"""The messages of version 1: what each payload holds, and the topic it goes to.

A message is an envelope around one record of `monitor.records` or `monitor.snapshot`. Durable messages (`data/*`)
carry a number and a `mid` as well, so that a consumer removes duplicates and sees gaps. Within v1 a field is never
removed, renamed or given another meaning: consumers ignore what they do not know.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from monitor.publish.contract.payloads import Digest, Meta, Status
from monitor.records import (
    Alert,
    Caption,
    DaySummary,
    GapRecord,
    Interval,
    MinuteSummary,
    PeriodSummary,
    Quality,
    Record,
    SoundEvent,
)
from monitor.settings import Name
from monitor.snapshot import Health, Snapshot

VERSION = "v1"
ROOT = f"soundscape/{VERSION}"
MAX_PAYLOAD = 65_536
"""Bytes: a larger payload is refused before it is stored (large brokers take 128 KiB and more)."""
_NAMESPACE = uuid5(NAMESPACE_URL, f"urn:soundscape:{VERSION}")
_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def _are_times(interval: str) -> str:
    for stamp in interval.split("/"):
        datetime.fromisoformat(stamp)
    return interval


IsoInterval = Annotated[
    str,
    Field(
        pattern=f"^{_STAMP}/{_STAMP}$",
        description="ISO 8601 interval, UTC: the time that the result speaks of",
    ),
    AfterValidator(_are_times),
]


class Identity(Record):
    """Who speaks: site and node, and the session (one per process start)."""

    site: Name
    node: Name
    session: str

    @classmethod
    def begin(cls, site: str, node: str) -> "Identity":
        """Return the identity of a process that starts now, with a session that no other process has."""
        return cls(site=site, node=node, session=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}")


class Message(Record):
    """What every payload says first."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", validate_by_name=True)

    schema_: str = Field(alias="schema", description="URI of the schema: the $id of the file in docs/schemas")
    site: str
    node: str
    session: str = Field(description="one per process start")
    resultTime: AwareDatetime = Field(description="UTC: when the result was made")


class Envelope(Message):
    """A durable message: numbered, delivered at least once, recognised by `mid`."""

    mid: UUID = Field(description="UUIDv5 of node, session and seq: the same for every copy of the message")
    seq: int = Field(ge=1, le=2**31 - 1, description="number within the session; a number that never comes is a loss")
    phenomenonTime: IsoInterval
    late: bool = Field(description="true when sent from a backlog")
    quality: Quality | None = Field(description="null where the result does not rest on levels")


class MinuteMessage(Envelope):
    """data/minute and latest/minute."""

    schema_: Literal["urn:soundscape:v1:minute"] = Field("urn:soundscape:v1:minute", alias="schema")
    result: MinuteSummary


class PeriodMessage(Envelope):
    """data/period."""

    schema_: Literal["urn:soundscape:v1:period"] = Field("urn:soundscape:v1:period", alias="schema")
    result: PeriodSummary


class EventMessage(Envelope):
    """data/event."""

    schema_: Literal["urn:soundscape:v1:event"] = Field("urn:soundscape:v1:event", alias="schema")
    result: SoundEvent


class CaptionMessage(Envelope):
    """data/caption and latest/caption."""

    schema_: Literal["urn:soundscape:v1:caption"] = Field("urn:soundscape:v1:caption", alias="schema")
    result: Caption


class DigestMessage(Envelope):
    """data/digest."""

    schema_: Literal["urn:soundscape:v1:digest"] = Field("urn:soundscape:v1:digest", alias="schema")
    result: Digest


class AlertMessage(Envelope):
    """data/alert."""

    schema_: Literal["urn:soundscape:v1:alert"] = Field("urn:soundscape:v1:alert", alias="schema")
    result: Alert


class GapMessage(Envelope):
    """data/gap."""

    schema_: Literal["urn:soundscape:v1:gap"] = Field("urn:soundscape:v1:gap", alias="schema")
    result: GapRecord


class StatusMessage(Message):
    """status: retained; the last will is of the same kind."""

    schema_: Literal["urn:soundscape:v1:status"] = Field("urn:soundscape:v1:status", alias="schema")
    result: Status


class MetaMessage(Message):
    """meta: retained."""

    schema_: Literal["urn:soundscape:v1:meta"] = Field("urn:soundscape:v1:meta", alias="schema")
    result: Meta


class HealthMessage(Message):
    """health: retained, expires."""

    schema_: Literal["urn:soundscape:v1:health"] = Field("urn:soundscape:v1:health", alias="schema")
    result: Health


class SnapshotMessage(Message):
    """live/snapshot: once a second, never stored."""

    schema_: Literal["urn:soundscape:v1:snapshot"] = Field("urn:soundscape:v1:snapshot", alias="schema")
    result: Snapshot


KINDS: Mapping[str, type[Message]] = MappingProxyType(
    {
        "status": StatusMessage,
        "meta": MetaMessage,
        "health": HealthMessage,
        "latest/minute": MinuteMessage,
        "latest/caption": CaptionMessage,
        "data/minute": MinuteMessage,
        "data/period": PeriodMessage,
        "data/event": EventMessage,
        "data/caption": CaptionMessage,
        "data/digest": DigestMessage,
        "data/alert": AlertMessage,
        "data/gap": GapMessage,
        "live/snapshot": SnapshotMessage,
    }
)
"""Payload by topic below the node."""

Durable = MinuteSummary | PeriodSummary | SoundEvent | Caption | Digest | Alert | GapRecord
_KIND_OF: Mapping[type[Record], str] = MappingProxyType(
    {model.model_fields["result"].annotation: kind for kind, model in KINDS.items() if kind.startswith("data/")}  # type: ignore[misc]
)


def kind_of(record: Durable) -> str:
    """Return the topic below the node that a record goes to, e.g. data/minute."""
    return _KIND_OF[type(record)]


def schema_uris() -> dict[str, str]:
    """Return the URI of the schema by topic below the node."""
    return {kind: str(model.model_fields["schema_"].default) for kind, model in KINDS.items()}


def topic(identity: Identity, kind: str) -> str:
    """Return the full topic, e.g. soundscape/v1/park/gate/data/minute."""
    return f"{ROOT}/{identity.site}/{identity.node}/{kind}"


def message_id(identity: Identity, seq: int) -> UUID:
    """Return the `mid` of a durable message: the same wherever and whenever it is computed."""
    return uuid5(_NAMESPACE, f"{identity.node}/{identity.session}/{seq}")


def span(record: Durable) -> tuple[datetime, datetime]:
    """Return the time that a record speaks of, start and end."""
    match record:
        case Interval() | GapRecord():
            return record.start, record.start + timedelta(seconds=record.duration_s)
        case SoundEvent():
            return record.onset, record.offset
        case Caption():
            return record.start, record.end
        case Digest():
            return span_of_day(record.summary)
        case Alert():
            return record.at, record.at


def span_of_day(day: DaySummary) -> tuple[datetime, datetime]:
    """Return the start and the end of a local day."""
    return day.start, day.start + timedelta(seconds=day.duration_s)


def iso_interval(start: datetime, end: datetime) -> str:
    """Return an ISO 8601 interval in UTC, e.g. 2026-05-01T10:00:00Z/2026-05-01T10:01:00Z."""
    return "/".join(t.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z" for t in (start, end))


def encode(message: Message) -> bytes:
    """Return the payload: compact JSON, UTF-8."""
    return message.model_dump_json(by_alias=True).encode()


def decode(kind: str, payload: bytes) -> Message:
    """Return the message of a topic below the node; ValueError when it is not one of v1. Unknown fields are ignored."""
    if kind not in KINDS:
        raise ValueError(f"no message of {VERSION} goes to {kind!r}")
    return KINDS[kind].model_validate_json(payload, extra="ignore")
