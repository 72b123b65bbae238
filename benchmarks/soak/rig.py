"""The real thing: a virtual microphone, a Mosquitto, a subscriber, and `soundscape-monitor run` between them."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from brokers import Mosquitto
from virtual_microphone import DEVICE, VirtualMicrophone

from benchmarks.soak.ear import Ear
from benchmarks.soak.speaker import Speaker
from benchmarks.soak.witness import NotSeen, Seen, Witness
from monitor.aggregate import from_bytes
from monitor.settings import MqttSettings
from monitor.types import LEVEL_FRAME, RATE_HZ

PROGRAM = Path(sys.executable).parent / "soundscape-monitor"
SITE, NODE = "soak", "node"
EAR = "ear"
"""User name and password of the subscriber; the node has none."""
CONFIG = """
[node]
site = "soak"
name = "node"
[audio]
device = "{device}"
{audio}
[calibration]
full_scale_pa = 2.0
[aggregate]
period_min = 1
event_min_s = 0
[mqtt]
url = "{url}"
{more}
"""
"""What differs from the defaults; a period of one minute, so that a minute tells all there is to tell."""


def warm_up(programme: Path) -> None:
    """Let the node compile what it keeps compiled, so that no node of the soak has to."""
    command = [PROGRAM, "run", "--source", programme, "--fast", "--duration", "5"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Rig:
    """A node at work, with everything around it that may fail.

    config: TOML for the end of the file; audio: lines of [audio]. launcher: what stands before `run`.
    """

    def __init__(
        self,
        folder: Path,
        programme: Path,
        *,
        config: str = "",
        audio: str = "",
        environment: Mapping[str, str] | None = None,
        launcher: Sequence[str] = (str(PROGRAM),),
    ) -> None:
        self.folder, self.witness = folder, Witness()
        self._programme, self._launcher = programme, list(launcher)
        self._config, self._audio, self._more = config, audio, dict(environment or {})
        self.state = folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.fault_at = 0.0
        """When the newest fault began (monotonic)."""
        self._stack = ExitStack()
        self.processes: list[subprocess.Popen[str]] = []
        self._readers: list[threading.Thread] = []
        self.told: list[int] = []
        """Durable records that each process has told so far."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            (self.folder / "mic").mkdir()
            self.microphone = VirtualMicrophone(self.folder / "mic")
            stack.callback(self.microphone.close)
            self.microphone.start()
            stack.callback(Speaker(self.microphone, self._programme).close)
            self.broker = Mosquitto(self.folder / "broker")
            stack.callback(self.broker.stop)
            (self.folder / "password").write_text(EAR)
            own = {"username": EAR, "password_file": self.folder / "password"}
            self.ear = Ear(MqttSettings(url=self.broker.url, keepalive_s=10, **own), SITE, NODE, self.witness)
            stack.callback(self.ear.close)
            text = CONFIG.format(device=DEVICE, audio=self._audio, url=self.broker.url, more=self._config)
            (self.folder / "monitor.toml").write_text(text)
            stack.callback(self.end)
            self.start()
            self.ready(time.monotonic())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The node that runs now, or ran last."""
        return self.processes[-1]

    def start(self) -> None:
        """Start the node."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "MQTT", "PULSE", "SOUNDSCAPE"))}
        environment = kept | self.microphone.environment | {"STATE_DIRECTORY": str(self.state)} | self._more
        command = [*self._launcher, "run", "--source", "mic", "--dashboard", "off", "--log-json", "--json"]
        process = subprocess.Popen(
            [*command, "--config", str(self.folder / "monitor.toml")],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        number, self.started_at = len(self.processes), time.monotonic()
        self.processes.append(process)
        self.told.append(0)
        for body in (self._read_records, self._read_log):
            self._readers.append(threading.Thread(target=body, args=(process, number), daemon=True))
            self._readers[-1].start()

    def ready(self, since: float, timeout_s: float = 120) -> Seen:
        """Wait until the newest process measures; a process is known by a session of its own."""

        def measures(seen: Seen) -> bool:
            return (
                seen.side == "snapshot"
                and len(self.ear.sessions) == len(self.processes)
                and seen.session == self.ear.sessions[-1]
                and seen.data.result.LAF is not None
            )

        return self.witness.wait("a level of the new process", measures, since, timeout_s)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the node."""
        self.process.send_signal(number)

    def end(self) -> None:
        """Ask the node to end, and wait for it."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for reader in self._readers:
            reader.join(10)

    def turn(self, lead_s: float) -> None:
        """Wait until shortly before the turn of a minute."""
        time.sleep((60 - lead_s - time.time()) % 60)

    def minute_after(self, since: float, timeout_s: float = 90) -> Seen:
        """Wait until the node tells of a minute."""
        return self.witness.wait(
            "a minute", lambda s: s.side == "record" and s.text == "MinuteSummary", since, timeout_s
        )

    def missing(self) -> int:
        """Durable messages that were told and have not arrived."""
        lost = 0
        for number, told in enumerate(self.told):
            heard = self.ear.numbers[self.ear.sessions[number]] if number < len(self.ear.sessions) else set()
            lost += max(told, max(heard, default=0)) - len(heard)
        return lost

    def settle(self, timeout_s: float = 60) -> None:
        """Wait until all that was told has arrived, at most so long."""
        if self.missing():
            with suppress(NotSeen):
                self.witness.wait(
                    "the rest", lambda s: s.side == "message" and not self.missing(), time.monotonic(), timeout_s
                )

    def minute_arrives(self, next_one: bool, timeout_s: float = 250) -> Seen:
        """Wait for the minute of now (of the node's newest snapshot), or for the next one that arrives."""
        newest = self.witness.newest("snapshot")
        now = datetime.now(UTC) if newest is None else newest.data.result.at

        def is_it(seen: Seen) -> bool:
            return seen.text == "data/minute" and (next_one or end_of(seen) > now)

        return self.witness.wait("a minute", is_it, time.monotonic(), timeout_s)

    def unheard_s(self, first: Seen, last: Seen) -> float:
        """Return the seconds without levels from the end of one minute to the end of another, as published."""
        minutes = [s for s in self.witness.since(0) if s.text == "data/minute"]
        heard = {s.data.result.start: s for s in minutes if end_of(first) < end_of(s) <= end_of(last)}
        heard_s: float = sum(60 * s.data.result.quality.coverage for s in heard.values())
        return (end_of(last) - end_of(first)).total_seconds() - heard_s

    def kept_s(self) -> float:
        """Return the seconds of levels that the history holds by now; a minute that was lived twice counts twice."""
        with closing(sqlite3.connect(self.state / "history.db")) as connection:
            rows = connection.execute("SELECT stats FROM minutes").fetchall()
        return sum(from_bytes(row[0]).frames for row in rows) * LEVEL_FRAME / RATE_HZ

    def _read_records(self, process: "subprocess.Popen[str]", number: int) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with suppress(json.JSONDecodeError):  # a process that was killed may leave half a line
                entry = json.loads(line)
                self.told[number] += 1
                self.witness.see("record", entry["type"], entry["record"])
        self.witness.see("exit", f"exit code {process.wait()}", process.returncode)

    def _read_log(self, process: "subprocess.Popen[str]", number: int) -> None:
        assert process.stderr is not None
        with (self.folder / "log").open("a", buffering=1) as log:
            for line in process.stderr:
                log.write(line)
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:
                    self.witness.see("log", line.strip())
                    continue
                fields = {k: v for k, v in entry.items() if k not in ("time", "level", "logger", "event")}
                text = ", ".join(f"{k}={v}" for k, v in fields.items())
                self.witness.see("log", f"{entry['event']} {text}".strip(), entry)


def end_of(minute: Seen) -> datetime:
    """Return the end of a minute that was published."""
    start: datetime = minute.data.result.start
    return start + timedelta(minutes=1)
