"""On a real terminal: it draws, q ends it, and the terminal is left as it was, whatever ends the run."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from synthetic import Place
from synthetic_snapshots import snapshots

ROOT = Path(__file__).resolve().parents[2]
LEAVE_SCREEN = b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "live.jsonl"
    shown = snapshots(Place("park", 3), datetime(2026, 5, 9, 14, 50, tzinfo=UTC), 8)
    path.write_text("".join(f"{snapshot.model_dump_json()}\n" for snapshot in shown), encoding="utf-8")
    return path


class Terminal:
    """A process on a pseudo-terminal of 80 x 24."""

    def __init__(self, *arguments: str, term: str = "xterm-256color") -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.before = termios.tcgetattr(slave)
        environment = os.environ | {"TERM": term, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        environment.pop("NO_COLOR", None)
        command = [sys.executable, "-m", "monitor.dashboard", *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: os.tcsetpgrp(_claim(slave), os.getpgrp()),
        )  # fmt: skip
        self.slave = slave
        self.output = b""

    def read_until(self, wanted: bytes, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while wanted not in self.output:
            ready, _, _ = select.select([self.master], [], [], deadline - time.monotonic())
            assert ready, f"{wanted!r} did not come; the end of what came: {self.output[-300:]!r}"
            self.output += os.read(self.master, 65536)

    def left_as_it_was(self) -> bool:
        self.read_until(LEAVE_SCREEN)
        self.read_until(SHOW_CURSOR)
        after = termios.tcgetattr(self.slave)
        return after[:4] == self.before[:4]


def _claim(slave: int) -> int:
    import fcntl

    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    return slave


def test_q_ends_it_and_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(str(recording), "4")
    terminal.read_until(b"q quits")
    os.write(terminal.master, b"q")
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == 0


def test_a_termination_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(str(recording), "4")
    terminal.read_until(b"q quits")
    terminal.process.terminate()
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == -signal.SIGTERM


def test_ctrl_c_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(str(recording), "4")
    terminal.read_until(b"q quits")
    os.write(terminal.master, b"\x03")
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == 130


def test_a_dumb_terminal_gets_plain_lines(recording: Path) -> None:
    terminal = Terminal(str(recording), "100", term="dumb")
    terminal.read_until(b"14:50:07Z")
    assert b"\x1b" not in terminal.output
    assert terminal.process.wait(30) == 0


def test_a_wrong_recording_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"at": 1}\n', encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "monitor.dashboard", str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 65
    assert ran.stderr.startswith(f"{path}, line 1: ") and "Traceback" not in ran.stderr
