"""The largest LAF of the last hours, so that an event can say how loud it was when it ends."""

import numpy as np

from monitor.types import LEVEL_FRAME, LevelFrame

_FRAMES = 6 * 3600 * 8
"""Six hours of 125 ms frames: what an event that lasts longer is judged from."""


class LoudestMemory:
    """Remembers LAFmax of every 125 ms."""

    def __init__(self) -> None:
        self._laf_max = np.zeros(_FRAMES, np.float32)
        self._next = 0

    def add(self, frame: LevelFrame) -> None:
        """Remember a frame; frames come in order."""
        at = frame.start_sample // LEVEL_FRAME
        for missing in range(max(self._next, at - _FRAMES), at):
            self._laf_max[missing % _FRAMES] = 0
        self._laf_max[at % _FRAMES] = frame.laf_max_pa2
        self._next = at + 1

    def between(self, first: int, end: int) -> float:
        """Return the largest A-weighted F mean square of the frames that begin in [first, end), Pa^2; 0 for none."""
        a = max(-(-first // LEVEL_FRAME), self._next - _FRAMES, 0)
        b = min(-(-end // LEVEL_FRAME), self._next)
        if a >= b:
            return 0.0
        i, j = a % _FRAMES, (b - 1) % _FRAMES + 1
        if i < j:
            return float(self._laf_max[i:j].max())
        return max(float(self._laf_max[i:].max()), float(self._laf_max[:j].max()))
