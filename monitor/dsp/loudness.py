"""Streaming loudness of time-varying sound by ISO 532-1:2017 (Zwicker)."""

from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from monitor.dsp import iso532_kernels as stage
from monitor.dsp import iso532_tables as iso
from monitor.dsp.streaming import Streaming, as_samples
from monitor.types import RATE_HZ, FloatArray

Field = Literal["free", "diffuse"]
UPPER_LIMITS = iso.ZUP + 1e-4
"""Upper ends of the critical bands as the standard's program uses them, Bark."""


def _bank_coefficients() -> FloatArray:
    """Return a1, a2 of the three sections and the smoothing pole of all bands, flat (7 * 28)."""
    a1, a2 = -2 - iso.FILTERS[:, 0:6:2], 1 - iso.FILTERS[:, 1:6:2]
    return np.concatenate((np.stack((a1, a2), axis=2).reshape(-1, 6).T.ravel(), _smoothing_poles()))


def _smoothing_poles() -> FloatArray:
    """Return the pole of the smoothing low-passes, time constant 2 / (3 fc), at most that of 1 kHz, (28,)."""
    centre_hz = 1000 * 10 ** ((np.arange(iso.N_THIRD_OCTAVES) - 16) / 10)
    return np.asarray(np.exp(-3 * np.minimum(centre_hz, 1000) / (2 * RATE_HZ)), dtype=np.float64)


def _scale() -> FloatArray:
    """Return factor and addend from the bank's energy, before all gains, to intensity re I_REF, (2, 28)."""
    gain = iso.FILTERS[:, 6] ** 2 * (1 - _smoothing_poles()) ** 3
    return np.stack((gain / iso.I_REF, np.full(len(gain), iso.TINY / iso.I_REF)))


def _low_correction() -> FloatArray:
    """Return intensities above which the next range of Table A.3 holds, and the corrections' factors, (2, 8, 11)."""
    return np.asarray(10 ** (np.stack((iso.RAP[:, None] - iso.DLL, iso.DLL)) / 10), dtype=np.float64)


def _bark_factors(field: Field) -> FloatArray:
    """Return threshold intensity, factor inside and factor outside the fourth root by critical band, (3, 20)."""
    transmission = -iso.A0 + (iso.DDF if field == "diffuse" else 0)
    threshold = 10 ** ((iso.LTQ - transmission) / 10)
    inside = 10 ** ((transmission - iso.DCB - iso.LTQ) / 10)
    return np.stack((threshold, inside, 0.0635 * 10 ** (0.025 * iso.LTQ)))


def _decay_weights() -> FloatArray:
    """Return the standard's B[0..5] of the nonlinear decay."""
    step_s = 1 / (RATE_HZ / iso.SAMPLES_PER_FRAME * iso.NONLINEAR_STEPS)
    short, long, var = iso.T_SHORT_S, iso.T_LONG_S, iso.T_VAR_S
    p, q = (var + long) / (var * short), 1 / (short * var)
    root = sqrt(p * p / 4 - q)
    l1, l2 = -p / 2 + root, -p / 2 - root
    den, e1, e2 = var * (l1 - l2), exp(l1 * step_s), exp(l2 * step_s)
    return np.array(
        [
            (e1 - e2) / den,
            ((var * l2 + 1) * e1 - (var * l1 + 1) * e2) / den,
            ((var * l1 + 1) * e1 - (var * l2 + 1) * e2) / den,
            (var * l1 + 1) * (var * l2 + 1) * (e1 - e2) / den,
            exp(-step_s / long),
            exp(-step_s / var),
        ]
    )


def _temporal_weights() -> FloatArray:
    """Return, for both low-passes, what 24 linearly interpolated steps amount to; see `temporal_weighting`, (2, 5)."""
    rows = []
    for tau_s, share in zip(iso.WEIGHTING_TAU_S, iso.WEIGHTING_SHARE, strict=True):
        a = exp(-iso.SAMPLES_PER_FRAME / (RATE_HZ * iso.NONLINEAR_STEPS * tau_s))
        powers = a ** np.arange(iso.NONLINEAR_STEPS - 1, -1, -1)
        ramp = np.arange(1, iso.NONLINEAR_STEPS + 1) / iso.NONLINEAR_STEPS
        rows.append([a**iso.NONLINEAR_STEPS, (1 - a) * powers.sum(), (1 - a) * (powers * ramp).sum(), share, 1 - a])
    return np.array(rows)


@dataclass(slots=True)
class LoudnessState:
    """Moving state of a StreamingLoudness."""

    pending: FloatArray
    """Six samples before the frame, and those of the frame not complete; zeros put sample 0 at the end of a frame."""
    bank: FloatArray
    decay: FloatArray
    weighting: FloatArray
    frames: int
    """Spectra (2 kHz) so far."""


class StreamingLoudness(Streaming[LoudnessState]):
    """Total loudness N(t) every 2 ms, and specific loudness on request; value m is final with sample 96 m.

    fs: 48,000 Hz, the rate of the standard's filters. field: "free" or "diffuse". specific: also return N'(z, t). The
    standard's limits hold: third octaves from 25 Hz to 12.5 kHz, below 120 dB in those up to 250 Hz. ValueError for
    other settings.
    """

    def __init__(self, fs: int = RATE_HZ, field: Field = "free", specific: bool = False) -> None:
        if fs != RATE_HZ:
            raise ValueError(f"fs: ISO 532-1 defines its filters at {RATE_HZ} Hz only, received {fs}; resample first")
        if field not in ("free", "diffuse"):
            raise ValueError(f'field: expected "free" or "diffuse", received {field!r}')
        self.field, self.specific = field, specific
        self.bank_coefficients, self.scale, self.low_correction = _bank_coefficients(), _scale(), _low_correction()
        self.bark_factors = _bark_factors(field)
        self.decay_weights, self.temporal_weights = _decay_weights(), _temporal_weights()
        self.reset()

    def _fresh(self) -> LoudnessState:
        return LoudnessState(
            pending=np.zeros(6 + iso.SAMPLES_PER_FRAME - 1),
            bank=np.zeros(9 * iso.N_THIRD_OCTAVES),
            decay=np.zeros(3 * stage.CORE),
            weighting=np.zeros(3),
            frames=0,
        )

    def process(self, pressure_pa: ArrayLike) -> FloatArray:
        """Take pressure, Pa, shape (n,), and return N of the 2 ms steps that are final, sone, shape (m,)."""
        return self.advance(as_samples(pressure_pa))[0]

    def process_specific(self, pressure_pa: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return N, shape (m,), sone, and N', shape (m, 240), sone/Bark at 0.1 to 24 Bark; (m, 0) unless `specific`."""
        return self.advance(as_samples(pressure_pa))

    def advance(self, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Do the work of `process_specific` for samples that `as_samples` has checked."""
        state = self._state
        held = np.concatenate((state.pending, samples))
        frames, begun = (len(held) - 6) // iso.SAMPLES_PER_FRAME, state.frames > 0
        state.pending = held[frames * iso.SAMPLES_PER_FRAME :].copy()
        energy = np.empty((frames, iso.N_THIRD_OCTAVES))
        core = np.empty((frames, stage.CORE))
        total = np.empty(frames)
        points = np.zeros((frames, iso.N_SPECIFIC if self.specific else 0))
        stage.filter_bank(held, self.bank_coefficients, state.bank, energy)
        stage.core_loudness(energy, self.scale, self.low_correction, self.bark_factors, core)
        stage.nonlinear_decay(core, self.decay_weights, begun, state.decay)
        stage.slopes(core, UPPER_LIMITS, iso.RNS, iso.USL, total, points)
        stage.temporal_weighting(total, self.temporal_weights, begun, state.weighting)
        keep = slice(-state.frames % iso.FRAMES_PER_VALUE, None, iso.FRAMES_PER_VALUE)
        state.frames += frames
        return total[keep].copy(), points[keep].copy()


def loudness(pressure_pa: ArrayLike, field: Field = "free") -> FloatArray:
    """Return N(t) of a whole clip at 48 kHz, sone every 2 ms, shape (ceil(n / 96),)."""
    return StreamingLoudness(field=field).process(pressure_pa)
