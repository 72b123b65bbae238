"""The buffer between the driver's callback, which must never wait, and the reader."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.types import Float32Array


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames that were lost just before the frame with this index."""

    index: int
    n_frames: int
    """Frames left out because the ring was full."""
    unknown: bool
    """The driver says that it lost some itself, and not how many."""
    at_s: float
    """Monotonic time of the frames that follow, s."""
    n_following: int
    """How many frames came with them."""


class Ring:
    """Preallocated frames with absolute indices: one writer, one reader, no lock; when full, the newest are lost.

    rate_hz: frames a second, from which the time of the first frame is told.
    """

    def __init__(self, n_frames: int, channels: int, rate_hz: int) -> None:
        self._period_s = 1 / rate_hz
        self._frames: Float32Array = np.zeros((n_frames, channels), dtype=np.float32)
        self._lost = 0
        self.written = 0
        """Frames written since the start."""
        self.read_to = 0
        """Frames read since the start."""
        self.start_s: float | None = None
        """Monotonic time of frame 0 as the least late write shows it, s; None before the first write."""
        self.last: tuple[int, float] = (0, 0.0)
        """`written` and monotonic time after the last write."""
        self.called_s = 0.0
        """Monotonic time when the driver last brought something, even if there was no room, s."""
        self.losses: deque[Loss] = deque()

    def write(self, frames: NDArray[np.float32], overflowed: bool, now_s: float) -> None:
        """Copy frames, shape (n, channels), in; to be called from the driver's callback."""
        n, size = len(frames), len(self._frames)
        self.called_s = now_s
        if self.written + n - self.read_to > size:
            self._lost += n
            return
        if (self._lost or overflowed) and self.written:
            self.losses.append(Loss(self.written, self._lost, overflowed, now_s, n))
            self._lost = 0
        at = self.written % size
        head = min(n, size - at)
        self._frames[at : at + head] = frames[:head]
        self._frames[: n - head] = frames[head:]
        self.written += n
        self.last = (self.written, now_s)
        if not self.losses:
            start = now_s - self.written * self._period_s
            self.start_s = start if self.start_s is None else min(start, self.start_s)

    def read(self, most: int) -> Float32Array:
        """Return a copy of up to `most` frames, up to the next loss; shape (n, channels), n may be 0."""
        end = min(self.written, self.read_to + most)
        if self.losses:
            end = min(end, self.losses[0].index)
        at, n, size = self.read_to % len(self._frames), end - self.read_to, len(self._frames)
        head = min(n, size - at)
        out = np.concatenate((self._frames[at : at + head], self._frames[: n - head]))
        self.read_to = end
        return out

    def next_loss(self) -> Loss | None:
        """Return the loss at the place read to, once, if there is one."""
        if self.losses and self.losses[0].index == self.read_to:
            return self.losses.popleft()
        return None
