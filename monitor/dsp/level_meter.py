"""Sound level meter: A, C and Z weighting, F and S time weighting and third octaves, in frames of 125 ms."""

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import ArrayLike

from monitor.dsp import weighting
from monitor.dsp.jit import kernel
from monitor.dsp.streaming import Streaming, as_samples
from monitor.dsp.third_octaves import ThirdOctaves
from monitor.types import LEVEL_FRAME, RATE_HZ, FloatArray, LevelFrame, readonly

TAU_F_S, TAU_S_S = 0.125, 1.0
"""Time constants of F and S, IEC 61672-1:2013, 5.8."""
UNSETTLED = 1e-3
"""Until F has heard all but this share of its memory (0.9 s), its lowest value is taken at the ends of frames only."""
SETTLE = 24
"""Samples between flushes of filter states below 1e-100; divides the frame."""

(A_MS, C_MS, Z_MS, C_PEAK, LAF, LAF_MAX, LAF_MIN, LAS, LAS_MAX, PEAK, N_FIELDS) = range(11)
"""Columns of what the kernel measures in a frame."""
(SUM_A, SUM_C, SUM_Z, MAX_C, MAX_X, F_NOW, F_MAX, F_MIN, S_NOW, S_MAX, F_GAP, S_GAP, N_RUNNING) = range(13)
"""Running values of the kernel, after six states of the sections; a gap is how far a weighting is from settled."""


@kernel
def measure(
    samples: FloatArray, sections: FloatArray, decay: FloatArray, state: FloatArray, position: int, frames: FloatArray
) -> None:
    """Weight samples, average them over time and write completed frames, (frames, N_FIELDS).

    sections: b0, b1, b2, a1, a2 of C, C and A, (3, 5). decay: of F and S per sample and per frame, (4,). state: two
    states of each section, then the running values, (6 + N_RUNNING,). position: samples already in the frame.
    """
    run = state[6:]
    d0, d1, d2, d3, d4 = sections[0, 0], sections[0, 1], sections[0, 2], sections[0, 3], sections[0, 4]
    e0, e1, e2, e3, e4 = sections[1, 0], sections[1, 1], sections[1, 2], sections[1, 3], sections[1, 4]
    g0, g1, g2, g3, g4 = sections[2, 0], sections[2, 1], sections[2, 2], sections[2, 3], sections[2, 4]
    s1, s2, t1, t2, u1, u2 = state[0], state[1], state[2], state[3], state[4], state[5]
    sum_a, sum_c, sum_z, max_c, max_x = run[SUM_A], run[SUM_C], run[SUM_Z], run[MAX_C], run[MAX_X]
    fast, fast_max, fast_min = run[F_NOW], run[F_MAX], run[F_MIN]
    slow, slow_max = run[S_NOW], run[S_MAX]
    keep_f, keep_s = decay[0], decay[1]
    frame = 0
    for i in range(len(samples)):
        x = samples[i]
        v = d0 * x + s1
        s1 = d1 * x - d3 * v + s2
        s2 = d2 * x - d4 * v
        c = e0 * v + t1
        t1 = e1 * v - e3 * c + t2
        t2 = e2 * v - e4 * c
        a = g0 * c + u1
        u1 = g1 * c - g3 * a + u2
        u2 = g2 * c - g4 * a
        power = a * a
        sum_a += power
        sum_c += c * c
        sum_z += x * x
        max_c = max(max_c, abs(c))
        max_x = max(max_x, abs(x))
        fast = power + keep_f * (fast - power)
        slow = power + keep_s * (slow - power)
        fast_max = max(fast_max, fast)
        fast_min = min(fast_min, fast)
        slow_max = max(slow_max, slow)
        position += 1
        if position % SETTLE == 0:
            s1 = s1 if abs(s1) > 1e-100 else 0.0
            s2 = s2 if abs(s2) > 1e-100 else 0.0
            t1 = t1 if abs(t1) > 1e-100 else 0.0
            t2 = t2 if abs(t2) > 1e-100 else 0.0
            u1 = u1 if abs(u1) > 1e-100 else 0.0
            u2 = u2 if abs(u2) > 1e-100 else 0.0
            fast = fast if fast > 1e-200 else 0.0
            slow = slow if slow > 1e-200 else 0.0
        if position == LEVEL_FRAME:
            run[F_GAP] *= decay[2]
            run[S_GAP] *= decay[3]
            settled = fast / (1.0 - run[F_GAP])
            frames[frame, A_MS] = sum_a / LEVEL_FRAME
            frames[frame, C_MS] = sum_c / LEVEL_FRAME
            frames[frame, Z_MS] = sum_z / LEVEL_FRAME
            frames[frame, C_PEAK] = max_c
            frames[frame, LAF] = settled
            frames[frame, LAF_MAX] = max(settled, fast_max)
            frames[frame, LAF_MIN] = fast_min if run[F_GAP] < UNSETTLED else settled
            frames[frame, LAS] = slow / (1.0 - run[S_GAP])
            frames[frame, LAS_MAX] = slow_max
            frames[frame, PEAK] = max_x
            frame += 1
            position = 0
            sum_a = sum_c = sum_z = max_c = max_x = 0.0
            fast_max = fast_min = fast
            slow_max = slow
    state[0], state[1], state[2], state[3], state[4], state[5] = s1, s2, t1, t2, u1, u2
    run[SUM_A], run[SUM_C], run[SUM_Z], run[MAX_C], run[MAX_X] = sum_a, sum_c, sum_z, max_c, max_x
    run[F_NOW], run[F_MAX], run[F_MIN] = fast, fast_max, fast_min
    run[S_NOW], run[S_MAX] = slow, slow_max


@dataclass(slots=True)
class LevelMeterState:
    """Moving state of a LevelMeter."""

    running: FloatArray
    """See `measure`."""
    position: int
    """Samples already in the frame."""
    start_sample: int
    """Absolute index of the frame's first sample."""
    n_clipped: int
    """Clipped samples reported since the last frame was completed."""


class LevelMeter(Streaming[LevelMeterState]):
    """Levels of pressure at 48 kHz in frames of 125 ms (6,000 samples), counted from start_sample.

    After a start or a gap nothing is known of the sound before: the F and S weighted values are then averages, with
    the same exponential weight, over what has been heard since, instead of beginning at zero. Maxima of S begin at
    zero.
    """

    def __init__(self, fs: int = RATE_HZ, start_sample: int = 0) -> None:
        if fs != RATE_HZ:
            raise ValueError(f"fs: the filters are designed for {RATE_HZ} Hz, received {fs}; resample first")
        self.sections = weighting.design().sections
        self.decay = np.array([exp(-n / (RATE_HZ * tau_s)) for n in (1, LEVEL_FRAME) for tau_s in (TAU_F_S, TAU_S_S)])
        self._bank = ThirdOctaves()
        self._parts = {"third_octaves": self._bank}
        self.reset(start_sample)

    def _fresh(self) -> LevelMeterState:
        running = np.zeros(6 + N_RUNNING)
        running[6 + F_GAP] = running[6 + S_GAP] = 1.0
        return LevelMeterState(running=running, position=0, start_sample=0, n_clipped=0)

    def reset(self, start_sample: int = 0) -> None:
        """Forget everything heard; the next sample is start_sample."""
        super().reset()
        self._state.start_sample = start_sample

    def process(self, pressure_pa: ArrayLike, n_clipped: int = 0) -> list[LevelFrame]:
        """Take pressure, Pa, shape (n,), with n_clipped samples at full scale, and return the frames completed."""
        return self.advance(as_samples(pressure_pa), n_clipped)

    def advance(self, samples: FloatArray, n_clipped: int) -> list[LevelFrame]:
        """Do the work of `process` for samples that `as_samples` has checked."""
        state = self._state
        count, rest = divmod(state.position + len(samples), LEVEL_FRAME)
        values = np.empty((count, N_FIELDS))
        measure(samples, self.sections, self.decay, state.running, state.position, values)
        bands = self._bank.advance(samples)
        state.position = rest
        state.n_clipped += n_clipped
        return [self._frame(*row) for row in zip(values.tolist(), bands, strict=True)]

    def _frame(self, value: list[float], bands: FloatArray) -> LevelFrame:
        state = self._state
        frame = LevelFrame(
            start_sample=state.start_sample,
            a_ms_pa2=value[A_MS],
            c_ms_pa2=value[C_MS],
            z_ms_pa2=value[Z_MS],
            c_peak_pa=value[C_PEAK],
            laf_pa2=value[LAF],
            laf_max_pa2=value[LAF_MAX],
            laf_min_pa2=value[LAF_MIN],
            las_pa2=value[LAS],
            las_max_pa2=value[LAS_MAX],
            bands_ms_pa2=readonly(bands.copy()),
            peak_pa=value[PEAK],
            n_clipped=state.n_clipped,
        )
        state.start_sample += LEVEL_FRAME
        state.n_clipped = 0
        return frame
