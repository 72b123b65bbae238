"""Streaming resampler: exact rational ratio, polyphase FIR, group delay compensated."""

from dataclasses import dataclass
from math import ceil, gcd
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from monitor.dsp.design import kaiser_beta
from monitor.dsp.jit import kernel
from monitor.dsp.streaming import Streaming, as_samples
from monitor.types import FloatArray

Shape = Literal["flat", "network"]
RATES_HZ = (8_000, 192_000)
"""Lowest and highest rate taken, Hz."""

STOPBAND_DB = 110.0
"""Attenuation of images and aliases by the flat shape, dB."""
TRANSITION = 0.09
"""Half width of the flat shape's transition, as a share of the lower Nyquist frequency."""

NETWORK_ZEROS, NETWORK_ROLLOFF, NETWORK_BETA = 64, 0.9475937167399596, 14.769656459379492
"""Zero crossings, roll-off and Kaiser beta of `kaiser_best` in resampy 0.2, which made the network's features."""
NETWORK_SOURCE_HZ = 44_100
"""Rate of the recordings that the network was trained on."""
NETWORK_STEP = 185 / (512 * 16_000 / NETWORK_SOURCE_HZ)
"""That program steps through its table of 512 points per crossing by whole points: from 44.1 to 16 kHz by 185, not
185.76, which stretches the filter in time by 0.41 %. That belongs to the shape."""
NETWORK_LATE = 0.76 / 512
"""For the same reason its wings begin late, in zero crossings, times how far (0 to 1) the first sample is away."""


def prototype(shape: Shape, rate_in: int, rate_out: int) -> tuple[float, float, float]:
    """Return the low-pass filter's half length in input samples, cut-off as a share of rate_in, and Kaiser beta."""
    ratio = min(1.0, rate_out / rate_in)
    if shape == "network":
        step = ratio * NETWORK_STEP
        return NETWORK_ZEROS / step, NETWORK_ROLLOFF * step / 2, NETWORK_BETA
    width = 2 * np.pi * TRANSITION * ratio  # of the transition, rad per input sample
    return ceil((STOPBAND_DB - 7.95) / (2.285 * width)) / 2, ratio / 2, kaiser_beta(STOPBAND_DB)


def impulse_response(shape: Shape, rate_in: int, rate_out: int, time: FloatArray) -> FloatArray:
    """Return the Kaiser-windowed sinc at times in input samples, positive for input that came before the output."""
    half, cutoff, beta = prototype(shape, rate_in, rate_out)
    gain, distance = 2 * cutoff, np.abs(time)
    if shape == "network":
        share: FloatArray | float = (
            0.5  # away from the original rate the lateness of the wings is known in the mean only
        )
        if rate_in == NETWORK_SOURCE_HZ:
            whole = np.where(time >= 0, np.floor(distance + 1e-9), np.ceil(distance - 1e-9) - 1)
            share = distance - whole
        distance = distance + share * NETWORK_LATE * NETWORK_ROLLOFF / (2 * cutoff)
        gain /= NETWORK_STEP
    taper = np.i0(beta * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, None))) / np.i0(beta)
    return np.asarray(gain * np.sinc(2 * cutoff * distance) * np.where(distance <= half, taper, 0.0), dtype=np.float64)


TILE = 512
"""Blocks worked on at a time, so that rows stay in the first cache."""


@kernel
def polyphase(held: FloatArray, phases: FloatArray, step_in: int, blocks: int) -> FloatArray:
    """Return blocks * len(phases) outputs of a polyphase filter, whose blocks take step_in inputs each.

    Tap j of phase p meets input floor(p * step_in / len(phases)) + j of its block. The input is dealt out to rows, so
    that the same tap of all blocks lies together: the inner loop is a plain vector sum whose order never depends on how
    many blocks there are. The number of taps is a multiple of 4.
    """
    n_out, taps = phases.shape
    need = ((n_out - 1) * step_in) // n_out + taps
    width = blocks + (need - 1) // step_in
    rows = np.empty((step_in, width))
    for b in range(width):
        for r in range(step_in):
            i = b * step_in + r
            rows[r, b] = held[i] if i < len(held) else 0.0
    out = np.empty(blocks * n_out)
    y = np.empty(TILE)
    for first in range(0, blocks, TILE):
        count = min(TILE, blocks - first)
        for p in range(n_out):
            y[:count] = 0.0
            base = (p * step_in) // n_out
            for k in range(0, taps, 4):
                j = base + k
                x0 = rows[j % step_in, first + j // step_in :]
                x1 = rows[(j + 1) % step_in, first + (j + 1) // step_in :]
                x2 = rows[(j + 2) % step_in, first + (j + 2) // step_in :]
                x3 = rows[(j + 3) % step_in, first + (j + 3) // step_in :]
                h0, h1, h2, h3 = phases[p, k], phases[p, k + 1], phases[p, k + 2], phases[p, k + 3]
                for b in range(count):
                    y[b] += (h0 * x0[b] + h1 * x1[b]) + (h2 * x2[b] + h3 * x3[b])
            for b in range(count):
                out[(first + b) * n_out + p] = y[b]
    return out


@dataclass(slots=True)
class ResamplerState:
    """Moving state of a Resampler."""

    pending: FloatArray
    """Input from the first sample that the next block still needs."""
    n_in: int
    """Input samples so far."""
    n_out: int
    """Output samples so far."""


class Resampler(Streaming[ResamplerState]):
    """Streaming change of rate: output sample k is the sound at input time k / rate_out.

    rate_in, rate_out: integers from 8,000 to 192,000 Hz. shape "flat": pass band flat within 0.001 dB up to 0.91 of
    the lower Nyquist frequency, stopped by 110 dB from 1.09 of it. shape "network": the `kaiser_best` filter with
    which the network's features were made. What comes before the start and after the end is taken as zero. ValueError
    for other rates or shapes.
    """

    def __init__(self, rate_in: int, rate_out: int, shape: Shape = "flat") -> None:
        for name, rate in (("rate_in", rate_in), ("rate_out", rate_out)):
            if rate != int(rate) or not RATES_HZ[0] <= rate <= RATES_HZ[1]:
                raise ValueError(f"{name}: expected an integer from {RATES_HZ[0]} to {RATES_HZ[1]} Hz, received {rate}")
        if shape not in ("flat", "network"):
            raise ValueError(f'shape: expected "flat" or "network", received {shape!r}')
        self.rate_in, self.rate_out, self.shape = int(rate_in), int(rate_out), shape
        common = gcd(self.rate_in, self.rate_out)
        self._up, self._down = self.rate_out // common, self.rate_in // common
        half, _, _ = prototype(shape, self.rate_in, self.rate_out)
        self.reach = ceil(half)
        taps = 4 * ceil((2 * self.reach + 1) / 4)
        offset = np.arange(taps) - self.reach
        fraction = (np.arange(self._up) * self._down % self._up) / self._up
        self.phases = impulse_response(shape, self.rate_in, self.rate_out, fraction[:, None] - offset[None, :])
        if shape == "flat":  # every phase passes a constant exactly
            self.phases /= self.phases.sum(axis=1, keepdims=True)
        self._need = ((self._up - 1) * self._down) // self._up + taps
        """Input samples that one block of outputs draws on, beginning `reach` before the block."""
        self.reset()

    def _fresh(self) -> ResamplerState:
        return ResamplerState(pending=np.zeros(self.reach), n_in=0, n_out=0)

    @property
    def latency_samples(self) -> int:
        """Input samples after its own time that an output sample waits for, at most."""
        return self._need - self.reach

    def process(self, chunk: ArrayLike) -> FloatArray:
        """Take input samples, shape (n,), and return the output samples that are final, float64, shape (m,)."""
        return self.advance(as_samples(chunk, "chunk"))

    def advance(self, samples: FloatArray) -> FloatArray:
        """Do the work of `process` for samples that `as_samples` has checked."""
        if self._up == self._down:
            return samples.copy()
        state = self._state
        state.n_in += len(samples)
        held = np.concatenate((state.pending, samples))
        blocks = max(0, (len(held) - self._need) // self._down + 1)
        state.pending = held[blocks * self._down :].copy()
        state.n_out += blocks * self._up
        return polyphase(held, self.phases, self._down, blocks) if blocks else np.zeros(0)

    def flush(self) -> FloatArray:
        """Return the tail at the end of the sound and reset; ceil(n_in * rate_out / rate_in) samples come in all."""
        missing = -(-self._state.n_in * self._up // self._down) - self._state.n_out
        tail = self.advance(np.zeros(self._need + self._down))[:missing] if self._up != self._down else np.zeros(0)
        self.reset()
        return tail


def resample(samples: ArrayLike, rate_in: int, rate_out: int, shape: Shape = "flat") -> FloatArray:
    """Return a whole clip at another rate, shape (ceil(n * rate_out / rate_in),)."""
    resampler = Resampler(rate_in, rate_out, shape)
    return np.concatenate((resampler.process(samples), resampler.flush()))
