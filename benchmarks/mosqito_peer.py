"""MoSQITo 1.2.1 `loudness_zwtv`, as it is, and with the faults of its slopes taken out.

Its faults (ISO 532-1:2017 wants otherwise): the total is rounded to 0.001 or 0.01 sone before the temporal weighting;
one value of the slope table is 0.24 instead of 0.22; where a slope ends in the last 0.1 Bark of a critical band the
total counts a piece twice, up to 0.09 sone in single spectra of loud sounds, although its own specific loudness is
right there. These lie in its slopes. Besides, the decay begins with what the sound ends with (so compare sounds that
end in silence); above 100 dB the correction of low bands is 0; it returns ceil(n / 96) values, not floor.
"""

import importlib
import sys
from types import ModuleType

import numpy as np

from monitor.dsp import iso532_kernels as stage
from monitor.dsp import iso532_tables as tables
from monitor.dsp.loudness import UPPER_LIMITS
from monitor.types import FloatArray


def as_published(pressure_pa: FloatArray, field: str = "free") -> FloatArray:
    """Return N(t) as MoSQITo gives it, sone."""
    return np.asarray(_package().loudness_zwtv(pressure_pa, 48_000, field)[0], dtype=np.float64)


def core_after_decay(pressure_pa: FloatArray, field: str = "free") -> FloatArray:
    """Return MoSQITo's core loudness of the 21 critical bands after its nonlinear decay, (21, frames)."""
    whole = _package()
    spectra, _, _ = whole._third_octave_levels(pressure_pa, 48_000)
    return np.asarray(whole._nl_loudness(whole._main_loudness(spectra, field)), dtype=np.float64)


def with_right_slopes(pressure_pa: FloatArray, field: str = "free") -> FloatArray:
    """Return N(t) by MoSQITo's stages with our slopes, which Annex B of the standard proves, in place of its own."""
    found = core_after_decay(pressure_pa, field)
    core = np.zeros((found.shape[1], stage.CORE))
    core[:, : len(found)] = found.T
    total = np.empty(len(core))
    stage.slopes(core, UPPER_LIMITS, tables.RNS, tables.USL, total, np.zeros((len(core), 0)))
    return np.asarray(_package()._temporal_weighting(total)[::4], dtype=np.float64)


def _package() -> ModuleType:
    name = "mosqito.sq_metrics.loudness.loudness_zwtv.loudness_zwtv"
    importlib.import_module("mosqito.sq_metrics.loudness")
    return sys.modules[name]
