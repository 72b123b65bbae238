"""Outcomes as tables that read well in 80 columns, and as Markdown."""

import textwrap
from collections.abc import Sequence
from statistics import median

from benchmarks.soak.cycle import Outcome
from benchmarks.soak.long import LongRun


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print the figures, then what the operator saw, then what went wrong."""
    if not outcomes:
        return
    print("| fault | times | detected, s | recovered, s | no levels (no sound), s | lost |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for o in outcomes:
        unheard = "-" if o.without_levels_s is None else f"{o.without_levels_s:.1f}"
        lost = f"{o.lost} of {o.messages}" if o.messages else "-"
        print(
            f"| {o.name} | {o.times} | {spread(o.detected_s)} | {spread(o.recovered_s)} "
            f"| {unheard} ({o.without_sound_s:.1f}) | {lost} |"
        )
    print("\nWhat the operator saw:\n")
    for o in outcomes:
        print(textwrap.fill(f"- {o.name} ({o.what}): {o.operator or '-'}", 80, subsequent_indent="  "))
    print_failures([f"{o.name}: {failure}" for o in outcomes for failure in o.failures])


def print_long(runs: Sequence[LongRun]) -> None:
    """Print the figures of long runs, then what went wrong."""
    for run in runs:
        print(f"\n| {run.name} | |\n| --- | ---: |")
        for name, value in run.figures.items():
            print(f"| {name} | {value} |")
    print_failures([f"{run.name}: {failure}" for run in runs for failure in run.failures])


def print_failures(failures: Sequence[str]) -> None:
    """Print what went wrong, if anything."""
    if failures:
        print("\nWhat went wrong:\n")
        for failure in failures:
            print(textwrap.fill(f"- {failure}", 80, subsequent_indent="  "))


def spread(seconds: Sequence[float]) -> str:
    """Return median and largest."""
    return f"{median(seconds):.1f}, {max(seconds):.1f}" if seconds else "-"
