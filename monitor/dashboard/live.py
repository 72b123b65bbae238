"""The dashboard on a terminal: draws snapshots as they come, listens for q, and leaves the terminal as it was."""

import os
import select
import signal
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from monitor.dashboard.frame import render
from monitor.dashboard.glyphs import UNICODE, clean
from monitor.dashboard.recent import Recent
from monitor.snapshot import Snapshot

NOTICE_UPDATES = 15
"""Updates for which a notice stays."""


def can_draw(console: Console | None = None) -> bool:
    """Tell whether the output is a terminal that a screen can be drawn on."""
    console = console or Console()
    return console.is_terminal and not console.is_dumb_terminal


class Dashboard:
    """A full-screen live view, to be entered and updated in the main thread.

    `quit_requested` becomes True once q has been pressed. Ctrl-C stays the caller's. The terminal is restored on
    leaving, on exceptions, and when SIGTERM ends a process that has not claimed that signal itself.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._recent = Recent()
        self._last: Snapshot | None = None
        self._notice: str | None = None
        self._notice_left = 0
        self._quit = False
        self._live = Live(console=self._console, screen=True, auto_refresh=False, redirect_stderr=False)
        self._keys: list[Any] | None = None
        self._term_handler: Any = None

    def __enter__(self) -> Self:
        self._listen()
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._term_handler = signal.signal(signal.SIGTERM, self._terminated)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def update(self, snapshot: Snapshot, lasts_s: int = 1) -> None:
        """Draw a snapshot, whose level stands for `lasts_s` seconds."""
        self._last = snapshot
        self._recent.add(snapshot, lasts_s)
        if self._notice_left > 0:
            self._notice_left -= 1
        else:
            self._notice = None
        self._draw()

    def message(self, text: str) -> None:
        """Show one line of notice below the picture for a while, or alone before there is one."""
        self._notice, self._notice_left = text, NOTICE_UPDATES
        self._draw()

    def _draw(self) -> None:
        size = self._console.size
        picture: RenderableType = Text(clean(self._notice or "", UNICODE))
        if self._last is not None:
            picture = render(self._last, self._recent, size.width, size.height, self._notice)
        self._live.update(picture, refresh=True)

    @property
    def quit_requested(self) -> bool:
        """True once q has been pressed."""
        while self._keys is not None and not self._quit and select.select([sys.stdin], [], [], 0)[0]:
            pressed = os.read(sys.stdin.fileno(), 64)
            self._quit = b"q" in pressed or b"Q" in pressed
            if not pressed:
                break
        return self._quit

    def _listen(self) -> None:
        try:
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                self._keys = termios.tcgetattr(descriptor)
                tty.setcbreak(descriptor)
        except (OSError, ValueError, termios.error):
            self._keys = None

    def _restore(self) -> None:
        try:
            if self._keys is not None:
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._keys)
                self._keys = None
        finally:
            self._live.stop()
            if self._term_handler is not None:
                signal.signal(signal.SIGTERM, self._term_handler)
                self._term_handler = None

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        os.kill(os.getpid(), number)
