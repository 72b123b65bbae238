"""What was seen of a node, from all sides and in order, and waiting for what should be seen."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["log", "record", "exit", "status", "health", "snapshot", "message"]
KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that was seen; `at` is of `time.monotonic`, `text` is for people."""

    at: float
    side: Side
    text: str
    data: Any = None
    session: str = ""


class NotSeen(Exception):
    """What was waited for did not come in time."""


class Witness:
    """Collects what is seen, from any thread."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=KEPT)
        self._news = threading.Condition()

    def see(self, side: Side, text: str, data: Any = None, session: str = "") -> None:
        """Take note."""
        with self._news:
            self._seen.append(Seen(time.monotonic(), side, text, data, session))
            self._news.notify_all()

    def wait(self, what: str, test: Callable[[Seen], bool], since: float, timeout_s: float) -> Seen:
        """Return the first thing seen since a time that passes the test; NotSeen after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        looked = since
        with self._news:
            while True:
                for seen in [s for s in self._seen if s.at >= looked]:
                    if test(seen):
                        return seen
                looked = max(looked, self._seen[-1].at if self._seen else since)
                left = deadline - time.monotonic()
                if left <= 0:
                    last = next((s for s in reversed(self._seen) if s.side in ("health", "log", "exit")), None)
                    shown = "nothing" if last is None else f"{last.side}: {last.text}"
                    raise NotSeen(f"{what} was not seen within {timeout_s:.0f} s; the last thing seen: {shown}")
                self._news.wait(left)

    def newest(self, side: Side) -> Seen | None:
        """Return the newest thing seen of a kind."""
        with self._news:
            return next((s for s in reversed(self._seen) if s.side == side), None)

    def since(self, at: float) -> list[Seen]:
        """Return all that was seen since a time."""
        with self._news:
            return [s for s in self._seen if s.at >= at]


def says(pattern: str, *sides: Side) -> Callable[[Seen], bool]:
    """Return a test for words on some sides."""
    found = re.compile(pattern)
    return lambda seen: seen.side in sides and found.search(seen.text) is not None
