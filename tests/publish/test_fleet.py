"""Many nodes: the simulation talks as nodes do, the collector loses nothing, the broker keeps nodes apart."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from brokers import Mosquitto, Postgres, wait_for
from records import minute

from monitor.publish.contract.messages import Identity
from monitor.publish.fleet.collector import prepare, run_collector
from monitor.publish.fleet.virtual_nodes import simulate
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


class Collecting:
    """A collector in a thread."""

    def __init__(self, url: str, dsn: str, name: str = "1") -> None:
        self.stop = threading.Event()
        self.states: list[str] = []
        self.counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._work, args=(url, dsn, name), daemon=True)
        self._thread.start()
        wait_for(lambda: "connected" in self.states)

    def _work(self, url: str, dsn: str, name: str) -> None:
        settings = MqttSettings(url=url)
        self.counts = run_collector(settings, dsn, name=name, stop=self.stop, on_state=self.states.append)

    def end(self) -> Counter[str]:
        self.stop.set()
        self._thread.join(20)
        return self.counts


def rows(dsn: str, query: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


def stored(dsn: str) -> int:
    return int(rows(dsn, "SELECT count(*) FROM message")[0][0])


def test_a_small_fleet_is_collected_without_loss(mosquitto: Mosquitto, postgres: Postgres) -> None:
    dsn = postgres.database("small_fleet")
    collector = Collecting(mosquitto.url, dsn)
    counts = asyncio.run(simulate(MqttSettings(url=mosquitto.url), nodes=50, duration_s=5, speed=30))
    assert counts["published"] == counts["acknowledged"] > 50
    assert counts["unacknowledged"] == 0
    wait_for(lambda: stored(dsn) == counts["published"])
    assert rows(dsn, "SELECT * FROM loss") == []
    wait_for(lambda: rows(dsn, "SELECT count(*) FROM node WHERE latitude IS NOT NULL AND state = 'offline'") == [(50,)])
    collector.end()


def test_two_collectors_share_the_work_and_repeats_are_stored_once(
    mosquitto: Mosquitto, postgres: Postgres, tmp_path: Path
) -> None:
    dsn = postgres.database("shared_work")
    collectors = [Collecting(mosquitto.url, dsn, name) for name in "ab"]
    node = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), tmp_path / "o.db")
    node.start()
    for index in range(60):
        node.publish(minute(index))
    wait_for(lambda: stored(dsn) == 60)
    mosquitto.kill()
    mosquitto.start()
    node.publish(minute(60))
    wait_for(lambda: stored(dsn) == 61)
    node.stop(0)
    shares = [collector.end()["stored"] for collector in collectors]
    assert min(shares) > 0 and sum(shares) >= 61


def test_a_minute_told_again_after_a_restart_stands_in_the_view_once(
    mosquitto: Mosquitto, postgres: Postgres, tmp_path: Path
) -> None:
    dsn = postgres.database("told_again")
    collector = Collecting(mosquitto.url, dsn)
    for session, (at, laeq) in enumerate([(0, 50.0), (1, 51.0), (1, 61.0)]):
        node = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), tmp_path / f"{session}.db")
        node.start()
        node.publish(minute(at, laeq))
        wait_for(lambda told=session + 1: stored(dsn) == told)  # type: ignore[misc]
        node.stop(0)
    assert rows(dsn, "SELECT laeq FROM minute ORDER BY time") == [(50.0,), (61.0,)]
    collector.end()


def test_a_crash_of_the_database_loses_nothing(mosquitto: Mosquitto, postgres: Postgres, tmp_path: Path) -> None:
    dsn = postgres.database("crash")
    collector = Collecting(mosquitto.url, dsn)
    node = Publisher(MqttSettings(url=mosquitto.url), Identity.begin("park", "gate"), tmp_path / "o.db")
    node.start()
    for index in range(20):
        node.publish(minute(index))
    wait_for(lambda: stored(dsn) == 20)
    postgres.stop("immediate")
    for index in range(20, 40):
        node.publish(minute(index))
    wait_for(lambda: any("waiting for the database" in state for state in collector.states))
    postgres.start()
    wait_for(lambda: stored(dsn) == 40)
    node.stop(0)
    collector.end()


def dashboards() -> list[tuple[str, str]]:
    import json

    found = []
    for path in sorted((DEPLOY / "fleet/grafana/dashboards").glob("*.json")):
        body = json.loads(path.read_text())
        queries = [(p["title"], t["rawSql"]) for p in body["panels"] for t in p.get("targets", [])]
        queries += [(v["name"], v["query"]) for v in body["templating"]["list"]]
        found += [(f"{path.stem}: {title}", sql) for title, sql in queries]
    return found


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a database with a fleet in it, as the read-only user sees it."""
    dsn = postgres.database("filled")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE soundscape_read LOGIN")
        prepare(connection)
    broker = Mosquitto(tmp_path_factory.mktemp("fleet"))
    collector = Collecting(broker.url, dsn)
    counts = asyncio.run(simulate(MqttSettings(url=broker.url), nodes=5, duration_s=4, speed=120))
    identity = Identity.begin("fleet", "node00001")
    node = Publisher(MqttSettings(url=broker.url), identity, tmp_path_factory.mktemp("n") / "o.db")
    node.start()
    from monitor.publish.contract.examples import examples

    node.publish(examples()["digest"].result)  # type: ignore[attr-defined]
    wait_for(lambda: stored(dsn) == counts["published"] + 1)
    node.stop(0)
    collector.end()
    broker.stop()
    yield postgres.dsn("filled", "soundscape_read")


@pytest.mark.parametrize(("title", "sql"), dashboards())
def test_each_query_of_the_dashboards_runs_and_finds_something(filled: str, title: str, sql: str) -> None:
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '400 days' AND now() + interval '400 days'", sql
    )
    sql = re.sub(r"\$__timeGroupAlias\((\w+), *\$__interval\)", r"date_trunc('minute', \1) AS time", sql)
    sql = sql.replace("${site:sqlstring}", "'fleet'").replace("${node:sqlstring}", "'node00001','node00002'")
    assert "$" not in sql, sql
    found = rows(filled, sql)
    assert found or "loss" in sql


def test_the_dashboards_user_cannot_write(filled: str) -> None:
    with psycopg.connect(filled) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM message")


def test_the_compose_file_pins_versions_and_keeps_secrets_in_files() -> None:
    import yaml

    body = yaml.safe_load((DEPLOY / "fleet/compose.yaml").read_text())
    for name, service in body["services"].items():
        image = service.get("image", "")
        assert image == "" or re.search(r":\d[\w.-]+$", image), f"{name}: {image} is not pinned"
        assert "healthcheck" in service, name
        for value in (service.get("environment") or {}).values():
            assert "password=" not in str(value).lower(), name
    for secret in body["secrets"].values():
        assert "file" in secret
