"""The last minutes as the dashboard remembers them: levels for the sparkline, points for the circumplex."""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.snapshot import Snapshot

KEPT_S = 1800
"""How far back the view remembers, s."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One second, or one minute, as far as it is drawn again later; `second` counts from the Unix epoch."""

    second: int
    lasts_s: int
    laeq_db: float | None
    isop: float | None
    isoe: float | None


class Recent:
    """A short memory of snapshots, bounded in time; a clock that jumps back starts it afresh."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque()

    def add(self, snapshot: Snapshot, lasts_s: int = 1) -> None:
        """Remember a snapshot, which stands for `lasts_s` seconds; one of the same second takes the other's place."""
        second = math.floor(snapshot.at.timestamp())
        if self._moments and second < self._moments[-1].second:
            self._moments.clear()
        if self._moments and second == self._moments[-1].second:
            self._moments.pop()
        affect = snapshot.affect
        self._moments.append(Moment(second, lasts_s, snapshot.LAeq_1s, affect.isop, affect.isoe))
        while self._moments[0].second < second - KEPT_S:
            self._moments.popleft()

    @property
    def newest(self) -> datetime | None:
        """Time of the newest snapshot."""
        return datetime.fromtimestamp(self._moments[-1].second, UTC) if self._moments else None

    def levels(self, columns: int, step_s: int) -> list[float | None]:
        """Return LAeq of the newest `columns` stretches of `step_s` seconds, dB, oldest first, None where unheard.

        Stretches lie on a fixed grid of time, so that a figure moves to the left but never changes.
        """
        if not self._moments:
            return [None] * columns
        newest = self._moments[-1]
        last = (newest.second + newest.lasts_s - 1) // step_s
        energy: dict[int, list[float]] = {}
        for moment in self._moments:
            for second in range(moment.second, moment.second + moment.lasts_s):
                column = columns - 1 - (last - second // step_s)
                if column >= 0 and moment.laeq_db is not None:
                    energy.setdefault(column, []).append(10 ** (moment.laeq_db / 10))
        means = {column: 10 * math.log10(sum(values) / len(values)) for column, values in energy.items()}
        return [means.get(column) for column in range(columns)]

    def feelings(self, from_s: float, to_s: float = 0.0) -> list[tuple[float, float]]:
        """Return the changing points (ISOP, ISOE) heard between `from_s` and `to_s` seconds ago, oldest first."""
        points: list[tuple[float, float]] = []
        for moment in self._between(from_s, to_s):
            if moment.isop is None or moment.isoe is None:
                continue
            if not points or points[-1] != (moment.isop, moment.isoe):
                points.append((moment.isop, moment.isoe))
        return points

    def _between(self, from_s: float, to_s: float) -> Iterator[Moment]:
        if self._moments:
            now = self._moments[-1].second
            yield from (moment for moment in self._moments if now - from_s <= moment.second <= now - to_s)
