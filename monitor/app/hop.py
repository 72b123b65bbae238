"""How often the network runs, when the processor is slow: longer hops before lost windows, never lost levels."""

import math

from monitor.types import HOP_GRID, RATE_HZ

LONGEST_S = 10.0
BUSY = 0.7
"""Share of the hop that inference may take before the hop grows."""
CALM = 0.2
"""Share of the shorter hop below which the hop shrinks again."""
RECENT = 5


class HopControl:
    """Chooses the hop from how long inference took: doubles it when late, halves it when there is ample time.

    `default_s` is the configured hop; it is never gone below. Not adaptive: the hop stays, windows are left out.
    """

    def __init__(self, default_s: float, *, adaptive: bool) -> None:
        self.default_s = default_s
        self.hop_s = default_s
        self.drops = 0
        self._adaptive = adaptive
        self._took: list[float] = []
        self._late = 0

    def took(self, seconds: float) -> None:
        """Tell how long an inference took, s of wall time."""
        self._took = [*self._took[-(RECENT - 1) :], seconds]

    def left_out(self, windows: int) -> None:
        """Tell that windows were left out."""
        self.drops += windows
        self._late += windows

    def choose(self) -> float:
        """Return the hop to use from now on, s."""
        if not self._adaptive:
            return self.hop_s
        typical = sorted(self._took)[len(self._took) // 2] if len(self._took) == RECENT else None
        if self._late >= 2 or (typical is not None and typical > BUSY * self.hop_s):
            self._change(min(LONGEST_S, 2 * self.hop_s))
        elif typical is not None and self.hop_s > self.default_s and typical < CALM * self.hop_s / 2:
            self._change(max(self.default_s, self.hop_s / 2))
        return self.hop_s

    def _change(self, hop_s: float) -> None:
        grid = HOP_GRID / RATE_HZ
        self.hop_s = round(math.floor(hop_s / grid + 1e-9) * grid, 6)
        self._took, self._late = [], 0
