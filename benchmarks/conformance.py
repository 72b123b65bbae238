"""Measure `monitor.dsp` against the standards and write docs/conformance.md, or check that the page still holds.

    python -m benchmarks.conformance --write     # measure and write the page
    python -m benchmarks.conformance --check     # measure; fail if a figure moved or is outside its limits

Reference data (Annex B signals of ISO 532-1, the published clip) is looked for in $SOUNDSCAPE_SHARED or ../shared; the
sections that need it are left out of a check where it is absent.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT, SHARED, acoustics

PAGE = ROOT / "docs" / "conformance.md"
HEAD = """# Conformance

What the acoustics of the node measure when the tests of the standards are put to them: software only, in double
precision, with ideal signals at 48 kHz. A microphone, its preamplifier and its windscreen add their own deviations, so
that the node as a whole is not a class 1 sound level meter: its *filters are verified within IEC 61672-1 and
IEC 61260-1 class 1 limits*.

Written by `python -m benchmarks.conformance --write`; `--check` measures again and fails if any figure has moved by
0.01 or more or leaves its limits. The margin is the distance to the nearer limit.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One test: what, what was measured, and the limits."""

    test: str
    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Distance to the nearer limit, negative outside."""
        return min(self.value - self.low, self.high - self.value)


@dataclass(frozen=True, slots=True)
class Section:
    """Tests of one clause, in one unit."""

    title: str
    text: str
    unit: str
    digits: int
    rows: list[Row]
    reference: bool = False
    """Whether the tests rest on reference data that may be absent."""

    def markdown(self) -> str:
        """Return the section as a table."""

        def number(value: float) -> str:
            return "none" if abs(value) == float("inf") else f"{round(value, self.digits) + 0.0:.{self.digits}f}"

        columns = ("test", *(f"{name}, {self.unit}" for name in ("measured", "limits", "margin")))
        head = f"| {' | '.join(columns)} |\n| --- | ---: | ---: | ---: |\n"
        lines = [
            f"| {r.test} | {number(r.value)} | {number(r.low)} to {number(r.high)} | {number(r.margin)} |"
            for r in self.rows
        ]
        return f"## {self.title}\n\n{self.text}\n\n{head}" + "\n".join(lines) + "\n"


def sections(shared: Path | None) -> Iterator[Section]:
    """Measure everything there is data for."""
    for part in (
        acoustics.weightings,
        acoustics.time_weightings,
        acoustics.percentiles,
        acoustics.third_octaves,
        acoustics.resampling,
    ):
        for title, text, unit, digits, rows in part():
            yield Section(title, text, unit, digits, [Row(*row) for row in rows])
    if shared is not None:
        for title, text, unit, digits, rows in acoustics.references(shared):
            yield Section(title, text, unit, digits, [Row(*row) for row in rows], reference=True)


def differences(page: str, measured: list[Section]) -> list[str]:
    """Return how the page differs from what was measured: a missing test, or a number that moved by 0.01 or more.

    There may be more or less reference data than when the page was written: there, only common tests count.
    """
    found = []
    for section in measured:
        match = re.search(rf"^## {re.escape(section.title)}$.*?(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
        if match is None:
            found.append(f"{section.title}: not on the page")
            continue
        old, new = _table(match[0]), _table(section.markdown())
        if set(old) != set(new) and not section.reference:
            found.append(f"{section.title}: other tests than on the page: {sorted(set(old) ^ set(new))}")
        for test in old.keys() & new.keys():
            if any(abs(a - b) >= 0.01 for a, b in zip(old[test], new[test], strict=True)):
                found.append(f"{section.title}: {test}: the page has {old[test]}, measured now {new[test]}")
    return found


def _table(text: str) -> dict[str, list[float]]:
    """Return the numbers of each test of a section."""
    rows = [line.strip("| ").split(" | ", 1) for line in text.splitlines() if line.startswith("| ")][2:]
    return {test: [float(number) for number in re.findall(r"-?\d+\.\d+", rest)] for test, rest in rows}


def main() -> int:
    """Write or check the page; the exit code is 1 if a test fails or the page no longer holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="measure and write docs/conformance.md")
    action.add_argument("--check", action="store_true", help="measure and compare with docs/conformance.md")
    arguments = parser.parse_args()
    shared = SHARED if SHARED.is_dir() else None
    measured = list(sections(shared))
    problems = [
        f"{s.title}: {r.test}: {r.value} outside {r.low} to {r.high}" for s in measured for r in s.rows if r.margin < 0
    ]
    if arguments.write:
        if shared is None:
            print(f"reference data not found at {SHARED}; the page needs them (set SOUNDSCAPE_SHARED)", file=sys.stderr)
            return 1
        PAGE.write_text(HEAD + "\n" + "\n".join(section.markdown() for section in measured))
    else:
        problems += differences(PAGE.read_text(), measured)
    tests = sum(len(section.rows) for section in measured)
    left_out = "" if shared else f"; reference data not found at {SHARED}, their sections left out"
    print("\n".join(problems) or f"{tests} tests within their limits{left_out}")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
