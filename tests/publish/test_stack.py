"""The fleet stack without containers: prepare.sh, a site's broker bridged to a city's, a node, a reader."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from brokers import Mosquitto, handshake, wait_for
from command_line import PROGRAM
from records import minute

from monitor.publish.contract.messages import Identity, decode
from monitor.publish.link.subscription import Subscription
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def shipped(folder: Path, name: str, places: dict[str, Path]) -> str:
    """Return a broker's shipped configuration with the container's folders replaced."""
    text = (folder / f"{name}.conf").read_text()
    for inside, outside in places.items():
        assert inside in text
        text = text.replace(inside, str(outside))
    return text


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[Mosquitto, Mosquitto, Path]]:
    """Return the site's and the city's broker, and the folder that prepare.sh has filled."""
    folder = tmp_path / "fleet"
    shutil.copytree(DEPLOY / "fleet", folder)
    (tmp_path / "nodes.csv").write_text("site,name\npark,gate\nsquare,lamp\n")
    provision = [PROGRAM, "fleet", "provision", tmp_path / "nodes.csv", "--broker", "mqtts://localhost:8883"]
    for command in (
        ["sh", folder / "prepare.sh", "localhost"],
        [*provision, "--ca", folder / "secrets/ca", "--out", folder / "nodes"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    places = {"/run/secrets": folder / "secrets"}
    bridge = folder / "credentials/bridge"
    of_city = {"/mosquitto/data": tmp_path / "city", "/mosquitto/credentials": folder / "credentials/city"}
    city = Mosquitto(tmp_path / "city", shipped(folder, "city", places | of_city), "mqtts")
    text = (bridge / "city.conf").read_text().replace("mosquitto-city:8883", f"localhost:{city.port}")
    (bridge / "city.conf").write_text(text.replace("/run/secrets", str(folder / "secrets")) + "restart_timeout 1\n")
    of_site = {
        "/mosquitto/data": tmp_path / "site", "/mosquitto/credentials": folder / "nodes/broker",
        "/mosquitto/bridge": bridge,
    }  # fmt: skip
    site = Mosquitto(tmp_path / "site", shipped(folder, "site", places | of_site), "mqtts")
    yield site, city, folder
    site.stop()
    city.stop()


def test_a_node_at_a_site_is_heard_in_the_city_even_after_the_city_was_away(
    stack: tuple[Mosquitto, Mosquitto, Path], tmp_path: Path
) -> None:
    site, city, folder = stack
    assert handshake(site.port, folder / "secrets/ca") and handshake(city.port, folder / "secrets/ca")
    nodes = [
        Publisher(
            MqttSettings(
                url=f"mqtts://localhost:{site.port}", ca_file=folder / "secrets/ca", username=f"{place}/{name}",
                password_file=folder / f"nodes/nodes/{place}/{name}/password",
            ),
            Identity.begin(place, name),
            tmp_path / f"{name}.db",
        )
        for place, name in (("park", "gate"), ("square", "lamp"))
    ]  # fmt: skip
    reader = MqttSettings(
        url=f"mqtts://localhost:{city.port}", ca_file=folder / "secrets/ca", username="collector",
        password_file=folder / "secrets/collector_password",
    )  # fmt: skip
    heard: set[tuple[str, int]] = set()
    with Subscription(reader, "reader", ["soundscape/v1/+/+/data/#"], keep_session=True) as subscription:

        def listen() -> set[tuple[str, int]]:
            for delivery in subscription.receive(0.1):
                message = decode("data/minute", delivery.payload)
                heard.add((message.site, message.seq))  # type: ignore[attr-defined]
            return heard

        wait_for(lambda: not listen() and subscription.state == "connected")
        for node in nodes:
            node.start()
            node.publish(minute(0))
        wait_for(lambda: listen() == {("park", 1), ("square", 1)}, 40)
        city.stop()
        for index in range(1, 11):
            nodes[0].publish(minute(index))
        wait_for(lambda: nodes[0].state == "connected" and nodes[0].outbox_depth == 0)
        city.start()
        wait_for(lambda: listen() == {("square", 1), *(("park", n) for n in range(1, 12))}, 40)
    for node in nodes:
        node.stop(0)


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[..., Path]:
    """Return what runs prepare.sh in a folder of its own, and returns the folder."""
    folder = tmp_path / "fleet"
    shutil.copytree(DEPLOY / "fleet", folder)

    def run(*arguments: str, expect: int = 0) -> Path:
        done = subprocess.run(["sh", folder / "prepare.sh", *arguments], capture_output=True, text=True)
        assert done.returncode == expect, done.stdout + done.stderr
        return folder

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_prepare_may_be_run_again_and_follows_a_new_name_or_address(prepare: Callable[..., Path]) -> None:
    secrets = prepare("broker.example") / "secrets"
    before = contents(secrets)
    prepare("broker.example")
    assert contents(secrets) == before
    prepare("192.0.2.7")
    renewed = {f"{broker}_{what}" for broker in ("site", "city") for what in ("certificate", "key")}
    assert {name for name, content in contents(secrets).items() if before[name] != content} == renewed
    check = ["openssl", "verify", "-x509_strict", "-CAfile", secrets / "ca", "-verify_ip", "192.0.2.7"]
    subprocess.run([*check, secrets / "site_certificate"], check=True)


def test_prepare_makes_certificates_anew_that_end_soon(prepare: Callable[..., Path]) -> None:
    secrets = prepare("localhost") / "secrets"
    before, site = contents(secrets), secrets / "site_certificate"
    (secrets.parent / "extensions").write_text("subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n")
    ask = ["openssl", "req", "-new", "-key", secrets / "site_key", "-subj", "/CN=site"]
    issue = ["openssl", "x509", "-req", "-CA", secrets / "ca", "-CAkey", secrets / "ca_key", "-set_serial", "7"]
    issue += ["-days", "399", "-extfile", secrets.parent / "extensions", "-out", site]
    subprocess.run(issue, input=subprocess.run(ask, check=True, capture_output=True).stdout, check=True)
    prepare("localhost")
    assert subprocess.run(["openssl", "x509", "-noout", "-checkend", str(800 * 86400), "-in", site]).returncode == 0
    assert contents(secrets)["city_certificate"] == before["city_certificate"]


def test_an_authority_that_python_3_13_refuses_gets_a_new_certificate_for_its_key(prepare: Callable[..., Path]) -> None:
    secrets = prepare("localhost") / "secrets"
    old = ["openssl", "req", "-x509", "-key", secrets / "ca_key", "-subj", "/CN=Soundscape CA", "-out", secrets / "ca"]
    subprocess.run(old, check=True)
    before = contents(secrets)
    prepare("localhost")
    after = contents(secrets)
    assert after["ca"] != before["ca"] and after["ca_key"] == before["ca_key"]
    (secrets / "ca_key").unlink()
    prepare("localhost", expect=64)
    assert (secrets / "ca").read_bytes() == after["ca"]


def test_no_other_user_of_the_machine_gets_to_what_is_mounted(prepare: Callable[..., Path]) -> None:
    folder = prepare("localhost")
    for name in ("secrets", "credentials"):
        assert (folder / name).stat().st_mode & 0o777 == 0o700
    assert (folder / "secrets/ca_key").stat().st_mode & 0o077 == 0
    made = {path for path in folder.rglob("*") if not (DEPLOY / "fleet" / path.relative_to(folder)).exists()}
    made -= {folder / name for name in ("secrets", "credentials", "nodes")}
    assert all(path.relative_to(folder).parts[0] in ("secrets", "credentials") for path in made)
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    mounted = {folder / secret["file"] for secret in compose["secrets"].values()}
    mounted |= {path for path in made if path.is_relative_to(folder / "credentials")}
    assert mounted <= made and all(path.stat().st_mode & 0o004 for path in mounted)


@pytest.mark.parametrize("arguments", [("park", "localhost"), ("pa rk",), ("-x",), ("name:8883",)])
def test_prepare_refuses_what_is_no_name(prepare: Callable[..., Path], arguments: tuple[str, ...]) -> None:
    assert not (prepare(*arguments, expect=64) / "secrets").exists()
