"""A program on a terminal of its own, as users see it."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAVE_SCREEN = b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """A process on a pseudo-terminal of 80 x 24."""

    def __init__(self, *command: str, term: str = "xterm-256color") -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.before = termios.tcgetattr(slave)
        environment = os.environ | {"TERM": term, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: os.tcsetpgrp(_claim(slave), os.getpgrp()),
        )  # fmt: skip
        self.slave = slave
        self.output = b""

    def read_until(self, wanted: bytes, timeout_s: float = 60) -> None:
        """Return when this was drawn; fail the test when it never is."""
        deadline = time.monotonic() + timeout_s
        while wanted not in self.output:
            ready, _, _ = select.select([self.master], [], [], deadline - time.monotonic())
            assert ready, f"{wanted!r} did not come; the end of what came: {self.output[-300:]!r}"
            self.output += os.read(self.master, 65536)

    def left_as_it_was(self) -> bool:
        """Return whether screen, cursor and keys are the user's own again."""
        self.read_until(LEAVE_SCREEN)
        self.read_until(SHOW_CURSOR)
        after = termios.tcgetattr(self.slave)
        return after[:4] == self.before[:4]


def _claim(slave: int) -> int:
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    return slave
