"""The commands for cities: options, exit codes, and one real run of each."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from brokers import Mosquitto, Postgres, free_port, wait_for

COMMAND = [sys.executable, "-c", "from monitor.app.cli import main; main()"]


def run(*arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["bridge", "fiware"], 2, "--context-broker or --iot-agent"),
        (["bridge", "fiware", "--context-broker", "http://x", "--location", "north"], 2, "LAT,LON"),
        (["bridge", "fiware", "--context-broker", "http://x", "--location", "99,0"], 2, "not on the globe"),
        (["bridge", "fiware", "--context-broker", "http://x", "--token-file", "/none"], 78, "cannot be read"),
        (["bridge", "sensorthings"], 2, "--url"),
        (["bridge", "sensorthings", "--url", "http://x", "--broker", "http://y"], 78, "must be like mqtt://"),
        (["fleet", "collect"], 2, "DATABASE_URL"),
        (["fleet", "simulate", "--broker", "tcp://x"], 78, "must be like mqtt://"),
        (["subscribe", "--broker", "x"], 78, "must be like mqtt://"),
        (["subscribe", "--broker", f"mqtt://127.0.0.1:{free_port()}"], 69, "nothing listens"),
    ],
)
def test_bad_options_end_in_one_sentence(
    arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_simulated_fleet_is_followed_and_collected(mosquitto: Mosquitto, postgres: Postgres, tmp_path: Path) -> None:
    import psycopg

    dsn = postgres.database("commands")
    (tmp_path / "dsn").write_text(dsn)
    collect = subprocess.Popen(
        [*COMMAND, "fleet", "collect", "--dsn-file", str(tmp_path / "dsn"), "--broker", mosquitto.url],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def tables() -> bool:
        with psycopg.connect(dsn) as connection:
            return connection.execute("SELECT 1 FROM pg_tables WHERE tablename = 'message'").fetchone() is not None

    wait_for(tables, 40)
    simulate = run("fleet", "simulate", "--nodes", 5, "--duration", 3, "--speed", 60, "--broker", mosquitto.url)
    assert simulate.returncode == 0, simulate.stderr
    counts = dict(part.split(" ") for part in simulate.stdout.splitlines()[-1].split(", "))
    assert counts["unacknowledged"] == "0"

    def stored() -> int:
        with psycopg.connect(dsn) as connection:
            return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])  # type: ignore[index]

    wait_for(lambda: stored() == int(counts["published"]))
    collect.send_signal(signal.SIGTERM)
    assert collect.wait(20) == 0
    seen = run("subscribe", "--broker", mosquitto.url, "--kind", "meta", "--count", "5", "--json")
    bodies = [json.loads(text) for text in seen.stdout.splitlines()]
    assert {body["node"] for body in bodies} == {f"node{number:05d}" for number in range(5)}
