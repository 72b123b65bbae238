"""The collector takes what a node says of itself, once; nothing that anyone sends can stop it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from brokers import Postgres

from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import ROOT, Identity, encode, message_id
from monitor.publish.fleet.collector import Waiting, line_up, prepare, store
from monitor.publish.fleet.follow import read
from monitor.publish.link.subscription import Delivery

Database = psycopg.Connection[Any]


def payload(kind: str = "data/minute", seq: int = 1, result: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """Return the example of a kind as park/gate says it, with other values in places."""
    body = json.loads(encode(examples()[kind.rpartition("/")[2]])) | {"site": "park", "node": "gate", "session": "s1"}
    if kind.startswith("data/"):
        session = changes.get("session", "s1").replace("\0", "")
        body |= {"seq": seq, "mid": str(message_id(Identity(site="park", node="gate", session=session), seq))}
    body["result"] |= result or {}
    return json.dumps(body | changes).encode()


def delivery(kind: str = "data/minute", *arguments: Any, **changes: Any) -> Delivery:
    return Delivery(f"{ROOT}/park/gate/{kind}", payload(kind, *arguments, **changes), False, False, 0, 1)


@pytest.fixture(scope="module")
def connection(postgres: Postgres) -> Iterator[Database]:
    with psycopg.connect(postgres.database("collector"), autocommit=True) as connection:
        prepare(connection)
        yield connection


@pytest.fixture
def database(connection: Database) -> Database:
    """Return a database whose tables are empty."""
    connection.execute("TRUNCATE message, node")
    return connection


def rows(database: Database, query: str) -> list[Any]:
    return database.execute(query).fetchall()


@pytest.mark.parametrize("kind", ["data/minute", "status", "health", "meta", "live/snapshot"])
@pytest.mark.parametrize("lie", [{"site": "city"}, {"node": "bench"}])
def test_a_node_cannot_speak_for_another(kind: str, lie: dict[str, str]) -> None:
    where = f"{ROOT}/park/gate/{kind}"
    assert read(where, payload(kind))[0] == kind
    with pytest.raises(ValueError, match=r"came at soundscape/v1/park/gate/.* and speaks for"):
        read(where, payload(kind, **lie))


@pytest.mark.parametrize("lie", [{"session": "s2"}, {"seq": 2}])
def test_a_node_cannot_take_the_number_of_another_message(lie: dict[str, Any]) -> None:
    honest = payload()
    with pytest.raises(ValueError, match="its mid is not that of gate, its session and its seq"):
        read(f"{ROOT}/park/gate/data/minute", json.dumps(json.loads(honest) | lie).encode())


def test_a_name_that_no_node_can_have_is_refused() -> None:
    with pytest.raises(ValueError):
        read(f"{ROOT}/park/{'x' * 5000}/data/minute", payload(node="x" * 5000))


@pytest.mark.parametrize(
    "bad",
    [
        lambda: delivery(phenomenonTime="2026-99-01T00:00:00Z/2026-05-01T10:01:00Z"),
        lambda: delivery(phenomenonTime="2026-05-01T10:00:00Z/2026-05-01T10:61:00Z"),
        lambda: delivery(seq=2**31),
        lambda: delivery(node="bench"),
        lambda: delivery(quality="good"),
        lambda: delivery("data/caption", 2, {"headline": "Calm\0park"}),
        lambda: delivery("data/minute", 2, {"scene": {"label": "park", "prob": {"a\0b": 1.0}}}),
        lambda: delivery("data/minute", 2, session="s\0"),
        lambda: delivery("health", result={"outbox": 2**40}),
        lambda: delivery("meta", result={"place": "The\0gate"}),
    ],
)
def test_a_message_that_cannot_be_stored_is_counted_and_the_rest_is_stored(database: Database, bad: Any) -> None:
    counts = store(database, [delivery(seq=1), bad(), delivery(seq=3)])
    assert (counts["stored"], counts["unreadable"]) == (2, 1)
    assert rows(database, "SELECT seq FROM message ORDER BY seq") == [(1,), (3,)]


@pytest.mark.parametrize(
    ("kind", "view", "figure"),
    [("minute", "SELECT laeq FROM minute", "LAeq"), ("digest", "SELECT lden FROM day", "Lden")],
)
@pytest.mark.parametrize("first", [0, 1])
def test_of_what_was_told_again_the_views_show_what_was_made_later(
    database: Database, kind: str, view: str, figure: str, first: int
) -> None:
    def told(level: float, **changes: Any) -> Delivery:
        made = delivery(f"data/{kind}", **changes)
        return replace(made, payload=re.sub(rb'("%s": )[\d.]+' % figure.encode(), rb"\g<1>%g" % level, made.payload))

    cut = told(40, seq=900, session="s1", resultTime="2026-05-01T10:00:30Z")
    whole = told(60, seq=1, session="s2", resultTime="2026-05-01T10:01:00Z")
    store(database, [cut, whole] if first == 0 else [whole, cut])
    assert rows(database, view) == [(60.0,)]


def test_views_of_an_earlier_version_are_renewed(database: Database) -> None:
    columns = "time, site, node, laeq, lafmax, l10, l90, n5, isop, isoe, scene, coverage"
    database.execute(f"CREATE OR REPLACE VIEW minute AS SELECT {columns} FROM message")
    store(database, [delivery(seq=1), delivery(seq=2)])
    assert len(rows(database, "SELECT * FROM minute")) == 2
    prepare(database)
    assert len(rows(database, "SELECT * FROM minute")) == 1


def test_a_loss_is_a_number_between_those_that_came_lately_and_not_what_was_thrown_away(database: Database) -> None:
    now, long_ago = (f"{datetime.now(UTC) - timedelta(days=days):%FT%TZ}" for days in (0, 40))
    store(database, [delivery(seq=seq, resultTime=now) for seq in (1, 2, 3, 5, 6)])
    store(database, [delivery(seq=seq, session="old", resultTime=long_ago) for seq in (1, 3)])
    assert rows(database, "SELECT session, missing FROM loss") == [("s1", 1)]
    database.execute("DELETE FROM message WHERE seq < 5")
    assert rows(database, "SELECT * FROM loss") == []


def test_what_waits_for_the_database_is_one_state_a_node_and_each_message_once() -> None:
    waiting = Waiting()
    for minute in range(100):
        for kind in ("status", "health", "meta"):
            line_up(waiting, [delivery(kind, resultTime=f"2026-05-01T{10 + minute // 60}:{minute % 60:02}:00Z")])
    newest = [json.loads(d.payload)["resultTime"] for d in waiting.values()]
    assert newest == ["2026-05-01T11:39:00Z"] * 3
    first, again = delivery(seq=1), replace(delivery(seq=1), packet=7, again=True)
    assert line_up(waiting, [first, delivery(seq=2), again]) == [first]
    assert list(waiting.values())[3:] == [delivery(seq=2), again]
