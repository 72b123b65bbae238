"""What has come of each session: repeats are recognised, and numbers that never came."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_SESSIONS = 4096
"""Sessions remembered; the one that spoke longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Messages of a session that have not come: first and last number."""

    site: str
    node: str
    session: str
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(slots=True)
class _Session:
    runs: list[list[int]] = field(default_factory=list)
    """Disjoint runs of numbers that came, in order: [first, last]."""
    seen_missing: dict[tuple[int, int], float] = field(default_factory=dict)
    reported: set[tuple[int, int]] = field(default_factory=set)


class Ledger:
    """Keeps account by (site, node, session): `add` each message, ask `overdue` now and then."""

    def __init__(self, grace_s: float = 120.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._grace_s = grace_s
        self._clock = clock
        self._sessions: OrderedDict[tuple[str, str, str], _Session] = OrderedDict()

    def add(self, site: str, node: str, session: str, seq: int) -> bool:
        """Return whether the message is new: False for a repeat."""
        key = (site, node, session)
        account = self._sessions.setdefault(key, _Session())
        self._sessions.move_to_end(key)
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        runs = account.runs
        index = len(runs)
        while index > 0 and runs[index - 1][0] > seq:
            index -= 1
        if index > 0 and seq <= runs[index - 1][1]:
            return False
        joins_left = index > 0 and runs[index - 1][1] == seq - 1
        joins_right = index < len(runs) and runs[index][0] == seq + 1
        if joins_left and joins_right:
            runs[index - 1][1] = runs[index][1]
            del runs[index]
        elif joins_left:
            runs[index - 1][1] = seq
        elif joins_right:
            runs[index][0] = seq
        else:
            runs.insert(index, [seq, seq])
        return True

    def missing(self) -> list[Missing]:
        """Return what is missing now between messages that came; a backlog may still bring it."""
        return [
            Missing(*key, left[1] + 1, right[0] - 1)
            for key, account in self._sessions.items()
            for left, right in zip(account.runs, account.runs[1:], strict=False)
        ]

    def overdue(self) -> list[Missing]:
        """Return, once each, what has been missing for longer than the grace time."""
        now, found = self._clock(), []
        for gap in self.missing():
            account = self._sessions[(gap.site, gap.node, gap.session)]
            span = (gap.first, gap.last)
            since = account.seen_missing.setdefault(span, now)
            if now - since >= self._grace_s and span not in account.reported:
                account.reported.add(span)
                found.append(gap)
        return found
