"""Third-octave bank of IEC 61260-1 class 1, base 10, 20 Hz to 20 kHz: Butterworth band-passes of fourth order.

The 31 bands run in four groups at 48, 12, 3 and 1 kHz behind linear-phase decimators, so that all bands together cost
a third of what they would at 48 kHz. 48 samples are the unit of work: 12, 3 and 1 samples of the slower groups.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor.dsp.design import butterworth_bandpass, kaiser_beta, kaiser_taps, lowpass
from monitor.dsp.jit import kernel
from monitor.dsp.resample import polyphase
from monitor.dsp.streaming import Streaming, as_samples
from monitor.types import LEVEL_FRAME, RATE_HZ, THIRD_OCTAVES_HZ, FloatArray

ORDER = 4
"""Of the Butterworth prototype; the band-pass has twice as many poles, in four sections."""
N_BANDS = len(THIRD_OCTAVES_HZ)
LANES = 8
"""Bands in a group: a whole number of vector registers."""
FACTORS = (1, 4, 4, 3)
"""By what each group's rate is lower than the one before."""
STOPBAND_DB = 100.0
"""Attenuation by the decimators of all that could alias into a band."""
UNIT = 48
"""Samples that make a whole number of samples at each rate."""
SETTLE = 25
"""Samples between flushes of states below 1e-100; divides the frame at each rate."""


def midband_hz() -> FloatArray:
    """Return the exact midband frequencies 1000 * 10^(x/10), Hz (IEC 61260-1:2014, 5.4), shape (31,)."""
    return np.asarray(1000 * 10 ** (np.arange(-17, 14) / 10), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Group:
    """Bands at one rate."""

    first: int
    """Index of the lowest band."""
    last: int
    """Index after the highest band."""
    rate_hz: int
    taps: FloatArray
    """Decimator from the rate before, shape (1, n); empty for the first group."""
    coef: FloatArray
    """a1, a2 of the four sections by band, flat (8 * LANES); every numerator is (1, 0, -1)."""
    gain: FloatArray
    """Squared gain by band, shape (last - first,)."""


def band_sections(midband_hz: float, rate_hz: float) -> tuple[FloatArray, float]:
    """Return (a1, a2) of the four sections, shape (4, 2), and the overall gain of one band-pass at a rate."""
    poles, gain = butterworth_bandpass(ORDER, midband_hz * 10**-0.05, midband_hz * 10**0.05, rate_hz)
    upper = sorted((p for p in poles if p.imag > 0), key=abs)
    return np.array([[-2 * p.real, abs(p) ** 2] for p in upper]), gain


@functools.cache
def design() -> tuple[Group, ...]:
    """Design the four groups, from the highest bands down."""
    groups, rate, last = [], RATE_HZ, N_BANDS
    centres = midband_hz()
    for factor in FACTORS:
        taps = np.zeros((1, 0))
        if factor > 1:
            passed = centres[last - 1] * 10**0.05 * 1.05
            stopped = rate / factor - passed
            count = kaiser_taps(STOPBAND_DB, (stopped - passed) / (rate / 2))
            beta = kaiser_beta(STOPBAND_DB)
            taps = np.atleast_2d(lowpass(4 * -(-count // 4), rate / factor / 2, rate, beta))
        rate //= factor
        first = max(0, last - LANES)
        coef, gain = np.zeros((2 * ORDER, LANES)), np.zeros(LANES)
        for lane, band in enumerate(range(first, last)):
            sections, gain[lane] = band_sections(centres[band], rate)
            coef[:, lane] = sections.ravel()
        groups.append(Group(first, last, rate, taps, coef.ravel(), gain[: last - first] ** 2))
        last = first
    return tuple(groups)


@kernel
def _band_energy(
    samples: FloatArray,
    coef: FloatArray,
    state: FloatArray,
    position: int,
    per_frame: int,
    lanes: int,
    energy: FloatArray,
) -> None:
    """Filter samples through a group and sum squares over frames of per_frame samples.

    samples: eight earlier ones, then the new. coef: a1, a2 of four sections, flat (8 * LANES). state: the last two
    outputs of four sections and the sum, flat (9 * LANES). position: samples already in the frame. lanes: LANES (a
    loop of known length this short would be unrolled instead of made a vector). energy: what each completed frame
    summed up to, (frames, LANES). The bands share their numerator, (1 - z^-2)^4, so it is applied once.
    """
    n = LANES
    frame = 0
    for i in range(8, len(samples)):
        x = (samples[i] + samples[i - 8]) - 4.0 * (samples[i - 2] + samples[i - 6]) + 6.0 * samples[i - 4]
        for b in range(lanes):
            y1, z1, w1, v1 = state[b], state[2 * n + b], state[4 * n + b], state[6 * n + b]
            y = (x - coef[n + b] * state[n + b]) - coef[b] * y1
            z = (y - coef[3 * n + b] * state[3 * n + b]) - coef[2 * n + b] * z1
            w = (z - coef[5 * n + b] * state[5 * n + b]) - coef[4 * n + b] * w1
            v = (w - coef[7 * n + b] * state[7 * n + b]) - coef[6 * n + b] * v1
            state[b], state[n + b], state[2 * n + b], state[3 * n + b] = y, y1, z, z1
            state[4 * n + b], state[5 * n + b], state[6 * n + b], state[7 * n + b] = w, w1, v, v1
            state[8 * n + b] += v * v
        position += 1
        if position % SETTLE == 0:
            for b in range(8 * LANES):
                value = state[b]
                state[b] = value if abs(value) > 1e-100 else 0.0
        if position == per_frame:
            position = 0
            for b in range(LANES):
                energy[frame, b] = state[8 * n + b]
                state[8 * n + b] = 0.0
            frame += 1


def _join(history: FloatArray, samples: FloatArray) -> FloatArray:
    """Return the history and the samples in one, and leave the newest samples in the history."""
    joined = np.concatenate((history, samples))
    history[:] = joined[len(joined) - len(history) :]
    return joined


@dataclass(slots=True)
class ThirdOctavesState:
    """Moving state of ThirdOctaves."""

    pending: FloatArray
    """Samples that do not fill a unit yet."""
    history: FloatArray
    """Last input of the decimators and of the groups, one after the other."""
    bank: FloatArray
    """States of the groups' sections and their sums, flat."""
    units: int
    """Units of 48 samples in the frame so far."""


class ThirdOctaves(Streaming[ThirdOctavesState]):
    """Mean squares of the 31 third octaves in frames of 125 ms (6,000 samples), in the order of THIRD_OCTAVES_HZ."""

    def __init__(self) -> None:
        self._groups = design()
        self._keep = [max(0, group.taps.shape[1] - factor) for group, factor in zip(self._groups, FACTORS, strict=True)]
        self.reset()

    def _fresh(self) -> ThirdOctavesState:
        return ThirdOctavesState(
            pending=np.zeros(0),
            history=np.zeros(sum(self._keep) + 2 * ORDER * len(self._groups)),
            bank=np.zeros(len(self._groups) * (2 * ORDER + 1) * LANES),
            units=0,
        )

    def process(self, pressure_pa: ArrayLike) -> FloatArray:
        """Take pressure at 48 kHz, Pa, shape (n,), and return the frames completed, Pa^2, shape (m, 31)."""
        return self.advance(as_samples(pressure_pa))

    def advance(self, samples: FloatArray) -> FloatArray:
        """Do the work of `process` for samples that `as_samples` has checked."""
        state = self._state
        held = np.concatenate((state.pending, samples))
        units = len(held) // UNIT
        samples, state.pending = held[: units * UNIT], held[units * UNIT :].copy()
        per_frame = LEVEL_FRAME // UNIT
        frames = (state.units + units) // per_frame
        bands = np.empty((frames, N_BANDS))
        begin = 0
        for index, (group, factor, keep) in enumerate(zip(self._groups, FACTORS, self._keep, strict=True)):
            if factor > 1:
                joined = _join(state.history[begin : begin + keep], samples)
                samples = polyphase(joined, group.taps, factor, len(samples) // factor)
            joined = _join(state.history[begin + keep : begin + keep + 2 * ORDER], samples)
            begin += keep + 2 * ORDER
            frame = LEVEL_FRAME * group.rate_hz // RATE_HZ
            energy = np.empty((frames, LANES))
            part = state.bank.reshape(len(self._groups), -1)[index]
            _band_energy(joined, group.coef, part, state.units * frame // per_frame, frame, LANES, energy)
            bands[:, group.first : group.last] = energy[:, : group.last - group.first] * (group.gain / frame)
        state.units = (state.units + units) % per_frame
        return bands
