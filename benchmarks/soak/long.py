"""What long runs have in common: figures, and the memory of a process over simulated time."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class LongRun:
    """A run of hours or days: its figures by name, and what went wrong."""

    name: str
    figures: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing went wrong."""
        return not self.failures

    def as_json(self) -> dict[str, object]:
        """Return what a machine reads."""
        return {"name": self.name, "figures": self.figures, "failures": self.failures, "good": self.good}


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def slope_mb_per_day(samples: Sequence[tuple[float, float]], since_h: float = 1) -> str:
    """Return the slope of (hour, MB) from an hour on, least squares, per day; "-" for less than an hour of it."""
    late = [sample for sample in samples if sample[0] >= since_h]
    if len(late) < 2 or late[-1][0] - late[0][0] < 1:
        return "-"
    hours, mb = np.array(late).T
    return f"{24 * np.polyfit(hours, mb, 1)[0]:.2f}"
