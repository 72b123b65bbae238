"""A table of nodes becomes a fleet: a real Mosquitto with the shipped configuration lets each node be itself only."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import Mosquitto, handshake, wait_for
from command_line import PROGRAM
from records import minute

from monitor.app import config
from monitor.app.failure import Failure
from monitor.app.provisioning import read
from monitor.publish.contract.messages import Identity
from monitor.publish.fleet.credentials import fits, hashed, read_password_file
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings, Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BROKER = "mqtts://localhost:8883"


class Fleet:
    """A folder, the table beside it, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out, self.table = folder, folder / "fleet", folder / "nodes.csv"

    def __call__(self, *options: str, rows: str | None = None, broker: str = BROKER, expect: int = 0) -> str:
        """Provision; return what it said."""
        if rows is not None:
            self.table.write_text(rows)
        command = [PROGRAM, "fleet", "provision", self.table, "--broker", broker, "--out", self.out, *options]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Content and mode of every file."""
        found = (path for path in self.out.rglob("*") if path.is_file())
        return {str(path.relative_to(self.out)): (path.read_bytes(), path.stat().st_mode & 0o777) for path in found}

    def settings(self, user: str, url: str) -> Settings:
        """A node's settings as they are once its folder lies in /etc/soundscape-monitor, with the broker's port."""
        folder = self.out / "nodes" / user
        text = (folder / "monitor.toml").read_text()
        there = folder / "here.toml"
        there.write_text(text.replace("/etc/soundscape-monitor", str(folder)).replace(BROKER, url))
        settings = config.load(there)
        there.unlink()
        return settings


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


@pytest.fixture
def broker(fleet: Fleet, tmp_path: Path) -> Iterator[Mosquitto]:
    """Return a Mosquitto with the shipped configuration and what was provisioned for two nodes and a reader."""
    fleet("--reader", "collector", rows="site,name\npark,gate\npark,pond\n")
    text, data = (DEPLOY / "broker/mosquitto.conf").read_text(), tmp_path / "mosquitto"
    text = text.replace("/etc/mosquitto/soundscape", str(fleet.out / "broker"))
    made = Mosquitto(data, text.replace("/var/lib/mosquitto", str(data)), "mqtts")
    made.url = made.url.replace("127.0.0.1", "localhost")
    yield made
    made.stop()


def publisher(fleet: Fleet, user: str, url: str, speaks_for: str | None = None) -> Publisher:
    settings = fleet.settings(user, url)
    site, name = (speaks_for or user).split("/")
    return Publisher(settings.mqtt, Identity.begin(site, name), fleet.folder / f"{site}.{name}.db")


def test_each_node_speaks_for_itself_only_and_the_reader_hears_all(fleet: Fleet, broker: Mosquitto) -> None:
    nodes = [publisher(fleet, user, broker.url) for user in ("park/gate", "park/pond")]
    liar = publisher(fleet, "park/gate", broker.url, speaks_for="park/bench")
    for node in (*nodes, liar):
        node.start()
        node.publish(minute())
    wait_for(lambda: all(node.state == "connected" and node.outbox_depth == 0 for node in nodes))
    wait_for(lambda: liar.counters.get("refused") == 1)
    assert all(node.concerns == [] for node in nodes)
    assert "access list" in liar.concerns[0]
    reader = fleet.out / "readers/collector/monitor.toml"
    command = [PROGRAM, "subscribe", "--config", reader, "--broker", broker.url, "--kind", "status", "--json"]
    done = subprocess.run([*map(str, command), "--count", "2"], capture_output=True, text=True, timeout=60)
    assert {json.loads(line)["node"] for line in done.stdout.splitlines()} == {"gate", "pond"}, done.stderr
    for node in (*nodes, liar):
        node.stop(0)


def test_a_stranger_is_refused_a_newcomer_let_in_and_a_revoked_node_put_out(fleet: Fleet, broker: Mosquitto) -> None:
    gate = fleet.settings("park/gate", broker.url).mqtt
    (fleet.folder / "guess").write_text("guess")
    for name, settings in (
        ("unknown", gate.model_copy(update={"username": "park/bench"})),
        ("guessed", gate.model_copy(update={"password_file": fleet.folder / "guess"})),
        ("nameless", MqttSettings(url=broker.url, ca_file=gate.ca_file)),
    ):
        stranger = Publisher(settings, Identity.begin("park", "gate"), fleet.folder / f"{name}.db")
        stranger.start()
        wait_for(lambda s=stranger: "refuse" in s.state)  # type: ignore[misc]
        stranger.stop(0)

    newcomers = "site,name\npark,gate\npark,bench\n"
    said = fleet("--reader", "collector", rows=newcomers, expect=65)
    assert "park/pond would lose the credential" in said and "--revoke" in said
    pond = publisher(fleet, "park/pond", broker.url)
    pond.start()
    wait_for(lambda: pond.state == "connected")
    fleet("--reader", "collector", "--revoke", rows=newcomers)
    broker.reload()
    bench = publisher(fleet, "park/bench", broker.url)
    bench.start()
    bench.publish(minute())
    wait_for(lambda: bench.state == "connected" and bench.outbox_depth == 0)
    wait_for(lambda: pond.state != "connected")
    assert not (fleet.out / "nodes/park/pond").exists()
    for node in (bench, pond):
        node.stop(0)


def test_run_again_it_changes_nothing_and_secrets_are_for_their_owner(fleet: Fleet) -> None:
    rows = "site,name,place,time_zone,calibration.floor_dba\npark,gate,North gate,Europe/Amsterdam,28\npark,pond,,,\n"
    common = fleet.folder / "common.toml"
    common.write_text('[mqtt]\ndiscovery = true\n[[alerts.rules]]\nname = "night"\nabove = 60\nfrom_time = 23:00:00\n')
    fleet("--common", str(common), "--reader", "bridge", rows=rows)
    first = fleet.files()
    outcome = json.loads(fleet("--common", str(common), "--reader", "bridge", "--json"))
    assert fleet.files() == first
    assert outcome == {"added": [], "kept": ["park/gate", "park/pond", "bridge"], "revoked": []}
    secret = {name for name, (_, mode) in first.items() if mode == 0o600}
    assert {name for name in first if name.endswith((".key", "password", "monitor.toml"))} == secret
    assert fleet.out.stat().st_mode & 0o777 == 0o700
    settings = fleet.settings("park/gate", BROKER)
    assert settings.node.place == "North gate" and settings.calibration.floor_dba == 28
    assert settings.mqtt.discovery and settings.alerts.rules[0].name == "night"
    acl = first["broker/acl"][0].decode()
    assert "topic write homeassistant/device/soundscape_park_gate/config" in acl
    stored = read_password_file(first["broker/passwords"][0].decode())
    for user in ("park/gate", "park/pond"):
        password = first[f"nodes/{user}/password"][0].decode().strip()
        assert fits(password, stored[user]) and password.encode() not in b"".join(
            content for name, (content, _) in first.items() if name != f"nodes/{user}/password"
        )


def test_the_hash_is_the_one_that_mosquitto_makes(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    done = subprocess.run(["mosquitto_passwd", "-b", "-c", path, "park/gate", "secret"], capture_output=True)
    assert done.returncode == 0
    theirs = read_password_file(path.read_text())["park/gate"]
    assert fits("secret", theirs) and not fits("Secret", theirs)
    assert hashed("secret").count("$") == theirs.count("$")


def test_a_broker_that_moves_gets_a_certificate_of_its_new_name(fleet: Fleet) -> None:
    fleet(rows="site,name\npark,gate\n")
    before = fleet.files()
    fleet(broker="mqtts://192.0.2.7:8883")
    after = fleet.files()
    assert after["broker/server.crt"] != before["broker/server.crt"]
    assert after["broker/ca.crt"] == before["broker/ca.crt"]
    shown = subprocess.check_output(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", fleet.out / "broker/server.crt"], text=True
    )
    assert "IP Address:192.0.2.7" in shown


def test_its_certificates_pass_the_strict_check_of_python_3_13(fleet: Fleet, broker: Mosquitto) -> None:
    assert handshake(broker.port, fleet.out / "nodes/park/gate/ca.crt")


def test_an_authority_that_python_3_13_refuses_is_made_anew_and_who_trusts_the_old_one_is_served_on(
    fleet: Fleet, tmp_path: Path
) -> None:
    broker, old = fleet.out / "broker", tmp_path / "old.crt"
    broker.mkdir(parents=True)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", fleet.out / "ca.key"]
    name = ["-subj", "/CN=Soundscape Monitor fleet"]
    subprocess.run(["openssl", "req", "-x509", *new_key, *name, "-out", broker / "ca.crt"], check=True)
    old.write_bytes((broker / "ca.crt").read_bytes())
    fleet(rows="site,name\npark,gate\n")
    for options in (["-x509_strict", "-CAfile", fleet.out / "nodes/park/gate/ca.crt"], ["-CAfile", old]):
        subprocess.run(["openssl", "verify", *options, broker / "server.crt"], check=True)


def test_an_authority_whose_key_is_kept_elsewhere_stays_the_authority(fleet: Fleet, tmp_path: Path) -> None:
    fleet(rows="site,name\npark,gate\n")
    before = fleet.files()["broker/ca.crt"]
    (fleet.out / "ca.key").rename(tmp_path / "ca.key")
    fleet(rows="site,name\npark,gate\npark,pond\n")
    assert fleet.files()["nodes/park/pond/ca.crt"] == before
    assert "ca.key is not there: put it back" in fleet(broker="mqtts://192.0.2.7:8883", expect=66)
    (tmp_path / "ca.key").rename(fleet.out / "ca.key")
    fleet(broker="mqtts://192.0.2.7:8883")
    assert fleet.files()["broker/ca.crt"] == before


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "line 1 must name the columns"),
        ("site,place\npark,x\n", "line 1 must name the columns"),
        ("site,name,colour\npark,gate,red\n", "line 1: node.colour is no key"),
        ("site,name,calibration.flor_dba\n", "did you mean calibration.floor_dba?"),
        ("site,name,mqtt.url\n", "mqtt.url is set for every node"),
        ("site,name,name\n", "the column node.name is there twice"),
        ("site,name\n", "names no node"),
        ("site,name\npark,gate\npark\n", "line 3: 1 values for 2 columns"),
        ("site,name\npark,gate\n\npark,gate\n", "line 4: park/gate stands in line 2 already"),
        ("site,name\npark,\n", "line 2: name is empty"),
        ("site,name\npa rk,gate\n", "line 2: node.site: String should match pattern"),
        ("site,name,latitude\npark,gate,north\n", "line 2: node.latitude: Input should be a valid number"),
        ("site,name,time_zone\npark,gate,Mars\n", "line 2: node.time_zone: 'Mars' is no IANA time zone"),
        ("site;name;time_zone\npark;gate;Mars\n", "line 2: node.time_zone: 'Mars'"),
        ("site,name,mqtt.cert_file\npark,gate,/c\n", "line 2: mqtt.cert_file and mqtt.key_file go together"),
        (
            "site,name,mqtt.discovery\npark,1_gate,true\npark_1,gate,true\n",
            "line 3: Home Assistant cannot tell park_1/gate from park/1_gate",
        ),
    ],
)
def test_wrong_rows_are_told_by_their_line(fleet: Fleet, rows: str, words: str) -> None:
    fleet.table.write_text(rows)
    with pytest.raises(Failure, match=re.escape(words)) as told:
        read(fleet.table, None, BROKER, own_authority=True)
    assert told.value.code == 65


def test_names_that_only_home_assistant_would_confuse_are_fine_without_it(fleet: Fleet) -> None:
    fleet.table.write_text("site,name,mqtt.discovery\npark,1_gate,true\npark_1,gate,false\n")
    assert len(read(fleet.table, None, BROKER, own_authority=True)) == 2


def test_every_wrong_row_is_told_and_nothing_is_written(fleet: Fleet) -> None:
    said = fleet(rows="site,name\npark,a b\npark,gate\n,pond\n", expect=65)
    assert "line 2:" in said and "line 4:" in said and "line 3" not in said
    assert not fleet.out.exists()


@pytest.mark.parametrize(
    ("options", "broker", "code", "words"),
    [
        ((), "http://x", 78, "must be like mqtt://"),
        (("--ca", "system"), "mqtt://x", 2, "goes with an mqtts:// broker"),
        (("--ca", "/none"), BROKER, 66, "There is no file /none"),
        (("--reader", "a/b"), BROKER, 2, "must be letters"),
        (("--common", "/none"), BROKER, 66, "There is no file /none"),
    ],
)
def test_wrong_options_are_told(fleet: Fleet, options: tuple[str, ...], broker: str, code: int, words: str) -> None:
    assert words in fleet(*options, rows="site,name\npark,gate\n", broker=broker, expect=code)


def test_without_encryption_it_warns_and_asks_for_no_certificate(fleet: Fleet) -> None:
    assert "travel in clear" in fleet(rows="site,name\npark,gate\n", broker="mqtt://broker:1883")
    assert set(fleet.files()) == {f"nodes/park/gate/{n}" for n in ("monitor.toml", "password")} | {
        "broker/acl", "broker/passwords",
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(fleet: Fleet) -> None:
    fleet.folder.chmod(0o500)
    assert "cannot be written" in fleet(rows="site,name\npark,gate\n", expect=78)


def test_any_table_ends_in_nodes_or_in_a_sentence(tmp_path: Path) -> None:
    from hypothesis import given
    from hypothesis import strategies as st

    @given(st.binary(max_size=200))
    def check(content: bytes) -> None:
        (tmp_path / "fuzz.csv").write_bytes(b"site,name,latitude\n" + content)
        try:
            nodes = read(tmp_path / "fuzz.csv", None, BROKER, own_authority=True)
        except Failure as failure:
            assert str(failure).startswith(str(tmp_path))
        else:
            assert nodes and all("\n" not in node.user for node in nodes)

    check()
