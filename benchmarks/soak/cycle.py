"""One fault, put in and taken away again: how soon it was noticed, how soon it was over, and what that cost."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from benchmarks.soak.rig import PROGRAM, Rig
from benchmarks.soak.witness import NotSeen, Seen

LEAD_S = 1.5
"""Faults that only show when something is written or sent begin so long before the turn of a minute, s."""
Act = Callable[[Rig], object]
Test = Callable[[Seen], bool]


def levels(seen: Seen) -> bool:
    """A level of the microphone was seen."""
    return (
        seen.side == "snapshot"
        and seen.data.result.LAF is not None
        and seen.data.result.health.capture.startswith("capturing")
    )


def nothing(rig: Rig) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Fault:
    """How a fault begins, shows, ends, and how its end shows.

    `shows` and `over` test what is seen after the beginning and the end; `hold` is waited for between the two.
    """

    name: str
    what: str
    begin: Act
    end: Act
    shows: Test
    over: Test
    hold: Act = nothing
    before: Act = nothing
    """Waited for before each cycle of a series: a random time."""
    at_turn: bool = False
    """Put it in just before the turn of a minute, when a minute, a period and a caption are told."""
    silent: bool = False
    """There is no sound to measure while it lasts."""
    restarts: bool = False
    """The end starts a new process: over when that one measures."""
    shifts_clock: bool = False
    patience_s: float = 60.0
    config: str = ""
    audio: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    launcher: Sequence[str] = (str(PROGRAM),)


@dataclass
class Outcome:
    """What came of the cycles of a fault. Times in s; `without_levels_s` over all cycles, None where not measured."""

    name: str
    what: str = ""
    times: int = 0
    detected_s: list[float] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)
    without_sound_s: float = 0.0
    without_levels_s: float | None = None
    messages: int = 0
    repeats: int = 0
    lost: int = 0
    operator: str = ""
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Detected and recovered from every time, and no message lost."""
        return not self.failures and not self.lost

    def as_json(self) -> dict[str, Any]:
        """Return what a machine reads."""
        return self.__dict__ | {
            "detected_median_s": median(self.detected_s) if self.detected_s else None,
            "recovered_median_s": median(self.recovered_s) if self.recovered_s else None,
            "good": self.good,
        }


def once(rig: Rig, fault: Fault, outcome: Outcome, *, aligned: bool) -> None:
    """Run one cycle; what was not seen in time is a failure of it."""
    outcome.times += 1
    if aligned:
        fault.before(rig)
    if fault.at_turn and aligned:
        rig.turn(LEAD_S)
    before = rig.fault_at = time.monotonic()
    fault.begin(rig)
    began = time.monotonic()
    try:
        shown = rig.witness.wait("the fault", fault.shows, before, fault.patience_s)
        outcome.detected_s.append(shown.at - before)
        outcome.operator = gist(shown, fault, rig)
        if aligned or not fault.at_turn:
            fault.hold(rig)
    except NotSeen as missed:
        outcome.failures.append(f"{outcome.times}: not detected: {missed}")
    asked = time.monotonic()
    fault.end(rig)
    outcome.without_sound_s += time.monotonic() - began if fault.silent else 0.0
    try:
        if fault.restarts:
            over = rig.ready(asked, fault.patience_s)
        else:
            over = rig.witness.wait("the recovery", fault.over, asked, fault.patience_s)
        outcome.recovered_s.append(over.at - asked)
    except NotSeen as missed:
        outcome.failures.append(f"{outcome.times}: not recovered: {missed}")


def gist(shown: Seen, fault: Fault, rig: Rig) -> str:
    """Return the words in which a fault showed, and where; of a health the one reason."""
    state, _, reasons = shown.text.partition(": ")
    words = shown.text
    if shown.side in ("health", "snapshot"):
        words = next((f"{state}: {r}" for r in reasons.split("; ") if fault.shows(replace(shown, text=r))), words)
    return f"{shown.side}: {words}".replace(f"{rig.state}/", "")


def series(rig: Rig, fault: Fault, times: int, progress: Callable[[], None]) -> Outcome:
    """Run a fault many times on one rig, from the turn of one minute to the turn of another."""
    outcome = Outcome(fault.name, fault.what)
    first = rig.minute_arrives(fault.shifts_clock)
    kept_s = rig.kept_s()
    for _ in range(times):
        once(rig, fault, outcome, aligned=True)
        progress()
    last = rig.minute_arrives(fault.shifts_clock)
    if fault.shifts_clock:  # time told is not time gone by: what is kept is held against that
        outcome.without_levels_s = last.at - first.at - (rig.kept_s() - kept_s)
    rig.settle()
    if not fault.shifts_clock:
        outcome.without_levels_s = rig.unheard_s(first, last)
    rig.end()
    rig.settle()
    return account(rig, outcome)


def briefly(rig: Rig, faults: Sequence[Fault], progress: Callable[[], None]) -> list[Outcome]:
    """Run each fault once on one rig without waiting for minutes; messages are counted over all of them."""
    outcomes = []
    for fault in faults:
        outcome = Outcome(fault.name, fault.what)
        before = gap_s(rig)
        once(rig, fault, outcome, aligned=False)
        if not fault.restarts:
            rig.witness.wait("a second more", levels, time.monotonic() + 0.1, 20)
            outcome.without_levels_s = gap_s(rig) - before
        outcomes.append(outcome)
        progress()
    rig.end()
    rig.settle()
    account(rig, outcomes[-1])
    return outcomes


def gap_s(rig: Rig) -> float:
    """Return the gaps that the running process has told of so far, s."""
    seen = rig.witness.newest("snapshot")
    return 0.0 if seen is None else float(seen.data.result.health.gap_s)


def account(rig: Rig, outcome: Outcome) -> Outcome:
    """Count the messages of a rig whose node has ended."""
    outcome.messages = sum(rig.told)
    outcome.repeats = rig.ear.repeats
    outcome.lost = rig.missing()
    if len(rig.ear.sessions) != len(rig.processes):
        outcome.failures.append(f"{len(rig.processes)} processes ran, {len(rig.ear.sessions)} were heard of")
    if not rig.ear.numbers:
        outcome.failures.append("no message arrived at all")
    if (code := rig.process.returncode) != 0:
        outcome.failures.append(f"the node ended with exit code {code} when asked to end")
    return outcome
