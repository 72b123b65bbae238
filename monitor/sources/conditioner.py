"""From what a device or file gives to what the node works with: one channel, 48 kHz, Pa, gaps on the frame grid."""

from fractions import Fraction
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.dsp.resample import Resampler
from monitor.types import FRAME_GRID, RATE_HZ, AudioBlock, FloatArray, Gap, readonly

Channel = int | Literal["mean"]

FULL_SCALE_16_BIT = 32767 / 32768
"""The largest positive sample of 16-bit sound: from here on a sample counts as clipped."""


class Conditioner:
    """Turns native frames into adjoining blocks and gaps, resampled once.

    rate_hz: native rate, 8,000 to 192,000 Hz. full_scale_pa: pressure at sample value 1.0. start_sample: index at 48
    kHz of the first native frame, a multiple of FRAME_GRID. clip_at: sample value that counts as clipped. Native
    frame n belongs to sample start_sample + n * 48000 / rate_hz for good, whatever is lost on the way. Clipped frames
    are counted in samples at 48 kHz, one at least. Samples that are NaN or infinite become a gap from there to the
    next multiple of FRAME_GRID; the same sound gives the same samples however it is cut into calls.
    """

    def __init__(
        self,
        rate_hz: int,
        *,
        channel: Channel,
        full_scale_pa: float,
        start_sample: int = 0,
        clip_at: float = FULL_SCALE_16_BIT,
    ) -> None:
        if start_sample % FRAME_GRID:
            raise ValueError(f"start_sample: expected a multiple of {FRAME_GRID}, received {start_sample}")
        self._ratio = Fraction(RATE_HZ, rate_hz)
        self._resampler = None if rate_hz == RATE_HZ else Resampler(rate_hz, RATE_HZ)
        self._channel, self._full_scale_pa, self._clip_at = channel, full_scale_pa, clip_at
        self._origin = start_sample
        self._native = 0
        self._resume_native, self._resume_sample = 0, start_sample
        self._gap_cause: str | None = None
        self._clipped = 0
        self.next_sample = start_sample
        """Index of the next sample, or of the start of the next gap, that will be returned."""

    def process(self, frames: NDArray[Any]) -> list[AudioBlock | Gap]:
        """Take native frames, float, shape (n, channels), full scale 1.0."""
        return self._take(self._choose(frames))

    def lost(self, n_native: int, cause: str) -> list[AudioBlock | Gap]:
        """Take note that native frames are missing here (0: an unknown few)."""
        out = self._break(cause)
        self._native += n_native
        self._resume_on_grid()
        return out + self._report_long_gap()

    def flush(self) -> list[AudioBlock | Gap]:
        """Return what is left at the end of the sound."""
        out = self._tail()
        end = self._sample_of(self._native)
        if self._gap_cause is not None and end > self.next_sample:
            out.append(self._gap_until(end))
        return out

    def _choose(self, frames: NDArray[Any]) -> FloatArray:
        if self._channel == "mean":
            return np.asarray(frames.mean(axis=1, dtype=np.float64))
        return np.ascontiguousarray(frames[:, self._channel], dtype=np.float64)

    def _sample_of(self, native: int) -> int:
        return self._origin + ceil(native * self._ratio)

    def _take(self, mono: FloatArray) -> list[AudioBlock | Gap]:
        out: list[AudioBlock | Gap] = []
        while len(mono):
            if (skipped := min(len(mono), self._resume_native - self._native)) > 0:
                self._native += skipped
                mono = mono[skipped:]
                continue
            finite = np.isfinite(mono)
            if finite[0]:
                n = len(mono) if finite.all() else int(np.argmin(finite))
                out += self._hear(mono[:n])
                self._native += n
            else:
                n = int(np.argmax(finite)) if finite.any() else len(mono)
                out += self._break("non_finite")
                self._native += n
                self._resume_on_grid()
            mono = mono[n:]
        return out + self._report_long_gap()

    def _hear(self, mono: FloatArray) -> list[AudioBlock | Gap]:
        out: list[AudioBlock | Gap] = []
        if self._gap_cause is not None:
            out.append(self._gap_until(self._resume_sample))
            self._gap_cause = None
        self._clipped += int(np.count_nonzero(np.abs(mono) >= self._clip_at))
        return out + self._block(mono if self._resampler is None else self._resampler.process(mono))

    def _block(self, samples: FloatArray) -> list[AudioBlock | Gap]:
        if not len(samples):
            return []
        n_clipped = max(round(self._clipped * self._ratio), min(self._clipped, 1))
        block = AudioBlock(self.next_sample, readonly(samples * self._full_scale_pa), n_clipped)
        self._clipped = 0
        self.next_sample = block.end_sample
        return [block]

    def _tail(self) -> list[AudioBlock | Gap]:
        return [] if self._resampler is None else self._block(self._resampler.flush())

    def _break(self, cause: str) -> list[AudioBlock | Gap]:
        out = self._tail()
        self._gap_cause = self._gap_cause or cause
        return out

    def _resume_on_grid(self) -> None:
        self._resume_sample = -(-max(self._sample_of(self._native), self.next_sample) // FRAME_GRID) * FRAME_GRID
        self._resume_native = ceil((self._resume_sample - self._origin) / self._ratio)

    def _gap_until(self, end: int) -> Gap:
        gap = Gap(self.next_sample, end - self.next_sample, self._gap_cause or "alignment")
        self.next_sample = end
        return gap

    def _report_long_gap(self) -> list[AudioBlock | Gap]:
        passed = self._sample_of(self._native)
        if self._gap_cause is None or passed - self.next_sample < RATE_HZ:
            return []
        return [self._gap_until(passed)]
