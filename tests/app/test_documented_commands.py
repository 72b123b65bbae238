"""Every command of the documents is run as it stands there, in a folder that holds what it names.

What is not run says why (NOT_RUN), and a command that is in neither list fails.
"""

import csv
import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from brokers import Mosquitto, wait_for
from command_line import PROGRAM
from servers import ContextBroker, IotAgent, SensorThings
from synthetic import Place
from synthetic_history import fill
from test_documents import PAGES, ROOT
from virtual_microphone import virtual_microphone

from monitor.model.bundle import Bundle
from monitor.publish.contract.examples import examples
from monitor.publish.contract.messages import Identity
from monitor.publish.contract.payloads import Location, Meta
from monitor.publish.mqtt import Publisher
from monitor.settings import AggregateSettings, MqttSettings
from monitor.store.history import History

SHELL = re.compile(r"```sh\n(.*?)```|^ {4}(\S.*)$|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
PROGRAMS = ("soundscape-monitor", "make", "python", "sudo", "docker", "cd", "journalctl", "systemctl", "apt")

NOT_RUN = {
    r"make (run|test|test-long|bench|audit|docs)": "minutes or hours; `make -n` is run in their place",
    r"sudo deploy/install.sh": "changes the machine; its refusals are run in tests/test_deployment.py",
    r"sudo (apt|install|systemctl)|journalctl|systemctl": "changes or asks the machine's own services",
    r"soundscape-monitor run$": "takes the machine's own microphone and ports; run with others all over the tests",
    r"docker": "needs Docker; the files it reads are checked in tests/publish/test_fleet.py",
    r"cd deploy/fleet && ./prepare.sh": "run in tests/publish/test_stack.py",
    r"python -m (benchmarks|training|model_export|monitor)|python benchmarks/": "long, or needs data that "
    "cannot be shipped; its options are checked here, its work in the tests of the package",
}
ONCE = {
    "soundscape-monitor --help": 0,
    "soundscape-monitor describe clip.wav": 0,
    "soundscape-monitor run --source clip.wav --fast --json": 0,
    "soundscape-monitor measure clip.wav --csv loudness.csv": 0,
    "soundscape-monitor narrate --dry-run": 0,
    "soundscape-monitor report --day 2026-06-01": 0,
    "soundscape-monitor report --day yesterday": 0,
    "soundscape-monitor report --day yesterday --out -": 0,
    "soundscape-monitor report --week 2026-06-01": 0,
    "soundscape-monitor support-bundle": 0,
    "soundscape-monitor config example": 0,
    "soundscape-monitor config show": 0,
    "soundscape-monitor config check FILE": 0,
    "soundscape-monitor calibrate --level 94 --freq 1000": 0,
    "soundscape-monitor calibrate --level 94 --freq 1000 --serial SN123": 0,
    "soundscape-monitor devices": 0,
    "soundscape-monitor doctor": 0,
    "soundscape-monitor fleet provision nodes.csv --broker mqtts://broker.example:8883 --common common.toml"
    " --reader city --out fleet": 0,
    "soundscape-monitor fleet provision nodes.csv --broker mqtts://HOSTNAME:8883 --ca secrets/ca --out nodes": 0,
}
FOR_EVER = (
    "soundscape-monitor dashboard",
    "soundscape-monitor subscribe",
    "soundscape-monitor bridge fiware --context-broker URL",
    "soundscape-monitor bridge fiware --iot-agent URL --api-key-file FILE",
    "soundscape-monitor bridge sensorthings --url URL",
)


def documented() -> list[str]:
    """Every command line of a page, without its comment."""
    found: set[str] = set()
    for page in PAGES:
        for match in SHELL.finditer(page.read_text()):
            for line in next(filter(None, match.groups()), "").replace("\\\n", " ").splitlines():
                command = " ".join(re.split(r" # | > ", line)[0].split())
                if command.split(" ")[0] in PROGRAMS and command not in PROGRAMS:
                    found.add(command)
    return sorted(found)


@pytest.mark.parametrize("command", documented())
def test_every_documented_command_is_run_or_says_why_not(command: str) -> None:
    assert command in ONCE or command in FOR_EVER or any(re.match(pattern, command) for pattern in NOT_RUN), (
        f"`{command}` stands in the documents: add it to this test"
    )


def test_the_lists_hold_nothing_else() -> None:
    """A command that left the documents leaves the lists; options that are told in prose stay."""
    text = " ".join(" ".join(page.read_text() for page in PAGES).split())
    for command in (*ONCE, *FOR_EVER):
        words = [word for word in command.split()[1:3] if not word.startswith("-")]
        assert " ".join(words) in text, command


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Path]:
    """Return a folder with everything that the commands name: a clip, a history, a broker with a node, a fleet."""
    folder = tmp_path_factory.mktemp("scene")
    rng = np.random.default_rng(4)
    soundfile.write(folder / "clip.wav", 0.02 * rng.normal(size=20 * 48_000), 48_000)
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(60 * 48_000) / 48_000)
    soundfile.write(folder / "tone.wav", tone, 48_000)
    broker = Mosquitto(folder / "mosquitto")
    (folder / "monitor.toml").write_text(
        f'[mqtt]\nurl = "{broker.url}"\n[model]\nbundle = "{bundle.folder}"\n[audio]\ndevice = "pulse"\n'
    )
    history = History(folder / "state/history.db", AggregateSettings(), "UTC")
    june, now = datetime(2026, 6, 1, tzinfo=UTC), datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for end in (june + timedelta(hours=1), now):
        fill(history, Place("park", 3), end - timedelta(hours=1), end)
    history.close()
    page = (ROOT / "docs/fleet.md").read_text()
    (folder / "nodes.csv").write_text(page.partition("```csv\n")[2].partition("```")[0])
    (folder / "common.toml").write_text("[mqtt]\ndiscovery = true\n")
    (folder / "secrets").mkdir()
    (folder / "secrets/ca").write_text("-----BEGIN CERTIFICATE-----\n")
    (folder / "key").write_text("a key\n")
    node = Publisher(MqttSettings(url=broker.url), Identity.begin("demo", "node1"), folder / "node.db")
    node.start()
    node.meta(Meta(software="test", place="Gate", location=Location(latitude=52.1, longitude=4.3, decimals=1)))
    wait_for(lambda: node.state == "connected" and node.outbox_depth == 0)
    NODES[folder] = node
    yield folder
    node.stop(0)
    broker.stop()


NODES: dict[Path, Publisher] = {}
"""The node that speaks to the broker of a scene."""


def environment(scene: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "MQTT", "SOUNDSCAPE"))}
    here = {"STATE_DIRECTORY": str(scene / "state"), "SOUNDSCAPE_CONFIG": str(scene / "monitor.toml")}
    return kept | here | {"TERM": "dumb", "NO_COLOR": "1"}


def words_of(command: str, **values: object) -> list[str]:
    """The words to run: this environment's program, and something real where the document names a placeholder."""
    for name, value in values.items():
        command = re.sub(rf"\b{name}\b", str(value), command)
    return [str(PROGRAM), *shlex.split(command)[1:]]


@pytest.mark.parametrize("command", [command for command in ONCE if "calibrate" not in command])
def test_it_runs_to_its_end(scene: Path, command: str) -> None:
    words = words_of(command, FILE=scene / "monitor.toml", HOSTNAME="localhost")
    if "doctor" in command or "devices" in command:
        with virtual_microphone():
            done = ended(words, scene)
    else:
        done = ended(words, scene)
    assert done.returncode == ONCE[command], done.stdout + done.stderr


@pytest.mark.parametrize("command", [command for command in ONCE if "calibrate" in command])
def test_a_calibration_hears_its_tone(scene: Path, command: str) -> None:
    with virtual_microphone() as microphone:
        microphone.play(scene / "tone.wav")
        done = ended(words_of(command), scene)
    assert done.returncode == 0, done.stdout + done.stderr


def ended(words: list[str], scene: Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(words, cwd=scene, env=environment(scene), capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def platform(command: str) -> SensorThings | IotAgent | ContextBroker:
    """A city's platform of the kind that the command speaks to; what it gets is judged in tests/bridges."""
    if "sensorthings" in command:
        return SensorThings()
    return IotAgent() if "--iot-agent" in command else ContextBroker(lambda body: [])


@pytest.mark.parametrize("command", FOR_EVER)
def test_it_runs_until_it_is_told_to_stop(scene: Path, command: str) -> None:
    server = platform(command)
    root = f"{server.url}/v1.1" if isinstance(server, SensorThings) else server.url
    words = words_of(command, FILE=scene / "key", URL=root)
    out = scene / "out.txt"
    with out.open("w") as stream:
        process = subprocess.Popen(words, cwd=scene, env=environment(scene), stdout=stream, stderr=subprocess.STDOUT)

    def says(*told: str) -> bool:
        return process.poll() is not None or any(word in out.read_text() for word in told)

    try:
        wait_for(lambda: says("connected", "by the minute", "unknown"), 60)
        NODES[scene].publish(examples()["minute"].result)  # type: ignore[attr-defined]
        wait_for(lambda: says("LAeq") if "bridge" not in command else server.requests or says(), 60)
        assert process.poll() is None, out.read_text()
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(60) in (0, 130, -signal.SIGINT), out.read_text()
    assert "Traceback" not in out.read_text()


@pytest.mark.parametrize("command", sorted({c.split()[1] for c in documented() if c.startswith("make ")}))
def test_make_knows_it(command: str) -> None:
    done = subprocess.run(["make", "-n", command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in documented() if c.startswith(("python -m", "python benchmarks"))])
def test_the_module_and_its_options_exist(command: str) -> None:
    words = shlex.split(command.split(" ; ")[0].replace("...", ""))
    module = words[2] if words[1] == "-m" else words[1].removesuffix(".py").replace("/", ".")
    assert importlib.util.find_spec(module) is not None, module
    rest = words[3:] if words[1] == "-m" else words[2:]
    options = [word.split("=")[0] for word in rest if word.startswith("--") and word != "--help"]
    if not options:
        return
    group = rest[:1] if re.fullmatch(r"[a-z-]+", rest[0]) and not rest[0].startswith("-") else []
    wide = os.environ | {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    call = [sys.executable, "-m", module, *group, "--help"]
    shown = subprocess.run(call, cwd=ROOT, env=wide, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    for option in options:
        assert re.search(rf"{option}\b", shown.stdout), f"{command}: there is no {option}"


def test_the_measured_series_has_rows(scene: Path) -> None:
    ended(words_of("soundscape-monitor measure clip.wav --csv series.csv"), scene)
    with (scene / "series.csv").open(newline="") as stream:
        assert len(list(csv.reader(stream))) > 20 * 8
