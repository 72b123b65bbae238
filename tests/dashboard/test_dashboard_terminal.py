"""On a real terminal: it draws, q ends it, and the terminal is left as it was, whatever ends the run."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from synthetic import Place
from synthetic_snapshots import snapshots
from terminal import ROOT, Terminal

PLAY = (sys.executable, "-m", "monitor.dashboard")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "live.jsonl"
    shown = snapshots(Place("park", 3), datetime(2026, 5, 9, 14, 50, tzinfo=UTC), 8)
    path.write_text("".join(f"{snapshot.model_dump_json()}\n" for snapshot in shown), encoding="utf-8")
    return path


def test_q_ends_it_and_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(*PLAY, str(recording), "4")
    terminal.read_until(b"q quits")
    os.write(terminal.master, b"q")
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == 0


def test_a_termination_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(*PLAY, str(recording), "4")
    terminal.read_until(b"q quits")
    terminal.process.terminate()
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == -signal.SIGTERM


def test_ctrl_c_leaves_the_terminal_as_it_was(recording: Path) -> None:
    terminal = Terminal(*PLAY, str(recording), "4")
    terminal.read_until(b"q quits")
    os.write(terminal.master, b"\x03")
    assert terminal.left_as_it_was()
    assert terminal.process.wait(30) == 130


def test_a_dumb_terminal_gets_plain_lines(recording: Path) -> None:
    terminal = Terminal(*PLAY, str(recording), "100", term="dumb")
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
