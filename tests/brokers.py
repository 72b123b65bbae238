"""Real servers for tests: a Mosquitto and a PostgreSQL of one's own, on free ports, in temporary folders."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Return as soon as the condition holds; fail the test when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s")
        time.sleep(0.01)


def answers(port: int) -> bool:
    """Return whether someone listens."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def handshake(port: int, ca: Path) -> str | None:
    """Return the TLS version agreed with localhost, checked as strictly as Python 3.13 does; SSLError if refused."""
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return secured.version()


class Mosquitto:
    """A Mosquitto with persistence; `kill` is kill -9, `freeze` stops it without closing anything.

    A configuration that has a listener, on 8883, is taken as it is but for the port.
    """

    BASE = "persistence true\nautosave_interval 1\nautosave_on_changes true\nmax_queued_messages 100000\n"
    OPEN = "allow_anonymous true\n"

    def __init__(self, folder: Path, config: str = OPEN, scheme: str = "mqtt") -> None:
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if not Path(binary).exists():
            pytest.skip("mosquitto is not installed")
        self.folder, self.port = folder, free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        folder.mkdir(parents=True, exist_ok=True)
        user = "user root\n" if os.geteuid() == 0 else ""
        listener = f"listener {self.port} 127.0.0.1\n"
        if "listener 8883\n" in config:
            text = config.replace("listener 8883\n", listener)
        else:
            text = f"{self.BASE}persistence_location {folder}/\n{listener}{config}"
        (folder / "mosquitto.conf").write_text(user + text)
        self._command = [binary, "-c", str(folder / "mosquitto.conf")]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it listens."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        wait_for(lambda: self._process is not None and (self._process.poll() is not None or answers(self.port)))
        assert self._process.poll() is None, self.log

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

    def kill(self) -> None:
        """Kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; it saves its state first."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Start again, after a stop if it still runs."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Let it read its access and password files again."""
        os.kill(self.pid, signal.SIGHUP)

    def freeze(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Return a Mosquitto that anyone may use."""
    broker = Mosquitto(tmp_path / "mosquitto")
    yield broker
    broker.stop()


class Postgres:
    """A PostgreSQL cluster of one's own."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            pytest.skip("postgresql is not installed")
        self._bin, self.port = found[-1], free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "--no-sync")
        self.start()

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return a connection string."""
        return f"host=127.0.0.1 port={self.port} dbname={database} user={user}"

    def start(self) -> None:
        """Start, and return when it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; "immediate" is a crash."""
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-m", mode, "stop")

    def database(self, name: str) -> str:
        """Make an empty database and return its connection string."""
        self._run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c", f"CREATE DATABASE {name}")
        return self.dsn(name)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/tmp", timeout=120)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a PostgreSQL for the whole run; each test makes a database of its own."""
    cluster = Postgres()
    yield cluster
    cluster.remove()
