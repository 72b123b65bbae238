"""From the broker into PostgreSQL (TimescaleDB when it is there): every durable message once, whatever is repeated."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from monitor.publish.contract.messages import ROOT, Envelope, HealthMessage, Message, MetaMessage, StatusMessage
from monitor.publish.fleet import collector_schema as sql
from monitor.publish.fleet.follow import read
from monitor.publish.link.address import MqttConfigError
from monitor.publish.link.connection import Lost
from monitor.publish.link.dialer import Backoff
from monitor.publish.link.subscription import Delivery, Subscription
from monitor.records import Interval
from monitor.settings import MqttSettings

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

BATCH = 500
"""Messages in one transaction at most."""


def prepare(connection: "psycopg.Connection[Any]") -> bool:
    """Make tables and views where they are missing; return whether TimescaleDB keeps the messages."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(7203001)")
        connection.execute(sql.TABLES)
        connection.execute(sql.GRANTS)
        timescale = connection.execute(sql.HAS_TIMESCALE).fetchone() is not None
        if timescale:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            connection.execute(sql.HYPERTABLE)
    return timescale


def store(connection: "psycopg.Connection[Any]", deliveries: Sequence[Delivery]) -> Counter[str]:
    """Write a batch, row by row where the database refuses one of it; return how many were stored or unreadable."""
    import psycopg

    counts, rows = Counter[str](), list[tuple[str, str, dict[str, Any]]]()

    def unreadable(topic: str, error: Exception) -> None:
        counts["unreadable"] += 1
        log.warning("collector.unreadable", extra={"topic": topic, "reason": str(error)[:200]})

    for delivery in deliveries:
        try:
            rows.append((delivery.topic, *_row(*read(delivery.topic, delivery.payload))))
        except ValueError as error:
            unreadable(delivery.topic, error)
    try:
        _write(connection, rows)
        counts["stored"] += len(rows)
    except psycopg.DataError:
        for row in rows:
            try:
                _write(connection, [row])
                counts["stored"] += 1
            except psycopg.DataError as error:
                unreadable(row[0], error)
    return counts


def _write(connection: "psycopg.Connection[Any]", rows: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    statements = dict[str, list[dict[str, Any]]]()
    for _, statement, values in rows:
        statements.setdefault(statement, []).append(values)
    with connection.transaction(), connection.cursor() as cursor:
        for statement, many in statements.items():
            cursor.executemany(statement, many)


Waiting = dict[tuple[str, bytes], Delivery]
"""Messages that wait for the database, in the order they came."""


def line_up(waiting: Waiting, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Add deliveries to those that wait; return what they replace.

    A newer state of a node replaces the one that waits, and a message its own repeat, so that a database that is
    away for long costs the memory of one state a node, and of what the broker hands over before an acknowledgement.
    """
    replaced = []
    for delivery in deliveries:
        key = delivery.topic, delivery.payload if "/data/" in delivery.topic else b""
        if key in waiting:
            replaced.append(waiting.pop(key))
        waiting[key] = delivery
    return replaced


def run_collector(
    settings: MqttSettings,
    dsn: str,
    *,
    name: str = "1",
    group: str = "collectors",
    stop: threading.Event,
    on_state: Callable[[str], None] = lambda state: None,
) -> Counter[str]:
    """Collect until `stop`; several collectors with different names share the work of a group.

    A message is acknowledged when its transaction is committed, so that a killed collector or database loses nothing.
    """
    try:
        import psycopg
    except ImportError as error:
        raise MqttConfigError("the collector needs PostgreSQL's client: install soundscape-monitor[fleet]") from error

    durable = f"$share/{group}/{ROOT}/+/+/data/#"
    current = [f"{ROOT}/+/+/{kind}" for kind in ("status", "meta", "health")]
    counts, backoff, pending = Counter[str](), Backoff(), Waiting()
    connection: psycopg.Connection[Any] | None = None
    not_before, state = 0.0, ""
    client_id = f"soundscape-collector-{name}"
    with Subscription(
        settings, client_id, [durable, *current], keep_session=True, manual_ack=True, window=4 * BATCH
    ) as source:
        while not stop.is_set():
            if replaced := line_up(pending, source.receive(0.2)):
                source.acknowledge(replaced)
            told = source.state
            if time.monotonic() >= not_before:
                try:
                    if connection is None:
                        connection = psycopg.connect(dsn, connect_timeout=5, autocommit=True)
                        prepare(connection)
                    while batch := list(islice(pending.values(), BATCH)):
                        counts += store(connection, batch)
                        source.acknowledge(batch)
                        for key in list(islice(pending, len(batch))):
                            del pending[key]
                    backoff.reset()
                except psycopg.OperationalError as error:
                    if connection is not None:
                        connection.close()
                    connection = None
                    not_before = time.monotonic() + backoff.wait_s(Lost(str(error)))
                    told = f"waiting for the database: {str(error).strip().splitlines()[0]}"
            if told != state:
                state = told
                log.info("collector.state", extra={"state": state})
                on_state(state)
    if connection is not None:
        connection.close()
    return counts


def _row(kind: str, message: Message) -> tuple[str, dict[str, Any]]:
    row: dict[str, Any] = {"site": message.site, "node": message.node, "session": message.session}
    match message:
        case MetaMessage(result=meta):
            place = meta.location
            row |= meta.model_dump(include={"place", "calibrated", "model_id", "software"})
            row |= {"latitude": place and place.latitude, "longitude": place and place.longitude}
            return sql.UPSERT_META, row
        case StatusMessage(result=status):
            return sql.UPSERT_STATUS, row | {"state": status.state}
        case HealthMessage(result=health):
            row |= {"health": health.state, "health_reasons": _json(health.reasons), "outbox": health.outbox}
            return sql.UPSERT_HEALTH, row
    assert isinstance(message, Envelope)
    result: BaseModel = message.result  # type: ignore[attr-defined]
    start, end = (datetime.fromisoformat(stamp) for stamp in message.phenomenonTime.split("/"))
    row |= {"time": start, "until": end, "mid": message.mid, "seq": message.seq, "kind": kind.rpartition("/")[2]}
    row |= {"result_time": message.resultTime, "late": message.late, "result": result.model_dump_json()}
    row |= {"coverage": message.quality.coverage if message.quality else None}
    figures = dict.fromkeys(("laeq", "lafmax", "l10", "l90", "n5", "isop", "isoe", "scene"))
    if isinstance(result, Interval):
        levels, affect = result.levels, result.affect
        figures = {"laeq": levels.LAeq, "lafmax": levels.LAFmax, "l10": levels.L10, "l90": levels.L90}
        figures |= {"n5": result.loudness.N5, "isop": affect.isop, "isoe": affect.isoe, "scene": result.scene.label}
    return sql.INSERT_MESSAGE, row | figures


def _json(value: object) -> str:
    import json

    return json.dumps(value)
