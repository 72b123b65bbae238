"""The fleet stack without containers: prepare.sh, a site's broker bridged to a city's, a node, a reader."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import Mosquitto, wait_for
from command_line import PROGRAM
from records import minute

from monitor.publish.contract.messages import Identity, decode
from monitor.publish.link.subscription import Subscription
from monitor.publish.mqtt import Publisher
from monitor.settings import MqttSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def shipped(folder: Path, name: str, changes: dict[str, str]) -> str:
    """Return a broker's shipped configuration with the container's paths replaced, without what the test sets."""
    lines = (folder / f"{name}.conf").read_text().splitlines()
    own = ("listener", "persistence", "autosave", "max_queued_messages")
    text = "\n".join(line for line in lines if not line.startswith(own)) + "\n"
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[Mosquitto, Mosquitto, Path]]:
    """Return the site's and the city's broker, and the folder that prepare.sh has filled."""
    folder = tmp_path / "fleet"
    shutil.copytree(DEPLOY / "fleet", folder)
    (tmp_path / "nodes.csv").write_text("site,name\npark,gate\n")
    provision = [PROGRAM, "fleet", "provision", tmp_path / "nodes.csv", "--broker", "mqtts://localhost:8883"]
    for command in (
        ["sh", folder / "prepare.sh", "park", "localhost"],
        [*provision, "--ca", folder / "secrets/ca", "--out", folder / "nodes"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    paths = {"/run/secrets": str(folder / "secrets"), "/mosquitto/bridge": str(folder / "bridge")}
    city_paths = paths | {"/mosquitto/credentials": str(folder / "credentials/city")}
    city = Mosquitto(tmp_path / "city", shipped(folder, "city", city_paths), "mqtts")
    bridge = folder / "bridge/city.conf"
    text = bridge.read_text().replace("mosquitto-city:8883", f"localhost:{city.port}")
    bridge.write_text(text.replace("/run/secrets", str(folder / "secrets")) + "restart_timeout 1\n")
    site_paths = paths | {"/mosquitto/credentials": str(folder / "nodes/broker")}
    site = Mosquitto(tmp_path / "site", shipped(folder, "site", site_paths), "mqtts")
    yield site, city, folder
    site.stop()
    city.stop()


def test_a_node_at_a_site_is_heard_in_the_city_even_after_the_city_was_away(
    stack: tuple[Mosquitto, Mosquitto, Path], tmp_path: Path
) -> None:
    site, city, folder = stack
    node = Publisher(
        MqttSettings(
            url=f"mqtts://localhost:{site.port}", ca_file=folder / "secrets/ca", username="park/gate",
            password_file=folder / "nodes/nodes/park/gate/password",
        ),
        Identity.begin("park", "gate"),
        tmp_path / "outbox.db",
    )  # fmt: skip
    reader = MqttSettings(
        url=f"mqtts://localhost:{city.port}", ca_file=folder / "secrets/ca", username="collector",
        password_file=folder / "secrets/collector_password",
    )  # fmt: skip
    heard: set[int] = set()
    with Subscription(reader, "reader", ["soundscape/v1/+/+/data/#"], keep_session=True) as subscription:

        def listen() -> set[int]:
            for delivery in subscription.receive(0.1):
                heard.add(decode("data/minute", delivery.payload).seq)  # type: ignore[attr-defined]
            return heard

        wait_for(lambda: not listen() and subscription.state == "connected")
        node.start()
        node.publish(minute(0))
        wait_for(lambda: listen() == {1}, 40)
        city.kill()
        for index in range(1, 11):
            node.publish(minute(index))
        wait_for(lambda: node.state == "connected" and node.outbox_depth == 0)
        city.start()
        wait_for(lambda: listen() == set(range(1, 12)), 40)
    node.stop(0)


def test_prepare_may_be_run_again_and_refuses_a_site_that_is_no_name(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    shutil.copytree(DEPLOY / "fleet", folder)
    script = ["sh", str(folder / "prepare.sh")]
    subprocess.run([*script, "park"], check=True, capture_output=True)
    before = (folder / "secrets/site_password").read_text()
    subprocess.run([*script, "park"], check=True, capture_output=True)
    assert (folder / "secrets/site_password").read_text() == before
    assert subprocess.run([*script, "pa rk"], capture_output=True).returncode != 0
    assert (folder / "secrets/ca_key").stat().st_mode & 0o077 == 0
