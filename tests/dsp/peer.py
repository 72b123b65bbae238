"""MoSQITo 1.2.1 `loudness_zwtv`, as it is and with the faults that can be told apart taken out.

Its faults (ISO 532-1:2017 wants otherwise): the total is rounded to 0.001 or 0.01 sone before the temporal weighting;
one value of the slope table is 0.24 instead of 0.22; the decay begins with what the sound ends with (so compare sounds
that end in silence); above 100 dB the correction of low bands is 0; it returns ceil(n / 96) values counted from spectra.
Where a slope ends in the last 0.1 Bark of a critical band its total counts a piece twice, up to 0.09 sone in single
spectra of loud sounds, although its own specific loudness is right there.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np

_PACKAGE = "mosqito.sq_metrics.loudness"


def _module(name: str) -> ModuleType:
    importlib.import_module(_PACKAGE)
    return sys.modules[f"{_PACKAGE}.{name}"]


def as_published(pressure_pa: np.ndarray, field: str = "free") -> np.ndarray:
    """N(t) as MoSQITo gives it, sone."""
    from mosqito.sq_metrics import loudness_zwtv

    return np.asarray(loudness_zwtv(pressure_pa, 48_000, field)[0])


def corrected(pressure_pa: np.ndarray, field: str = "free") -> np.ndarray:
    """N(t) by MoSQITo's own stages, without the rounding and with the right table, sone."""
    total, _ = _slopes()(core_after_decay(pressure_pa, field))
    return np.asarray(_module("loudness_zwtv.loudness_zwtv")._temporal_weighting(total)[::4])


def core_after_decay(pressure_pa: np.ndarray, field: str = "free") -> np.ndarray:
    """Core loudness of the 21 critical bands after the nonlinear decay, (21, frames)."""
    whole = _module("loudness_zwtv.loudness_zwtv")
    spectra, _, _ = whole._third_octave_levels(pressure_pa, 48_000)
    return np.asarray(whole._nl_loudness(whole._main_loudness(spectra, field)))


def _slopes() -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """MoSQITo's slopes with the source corrected before it is compiled."""
    source_of = _module("loudness_zwst._calc_slopes")
    with open(str(source_of.__file__)) as file:  # noqa: PTH123 - whatever file the installed package has
        source = file.read()
    for wrong, right in (
        ("(0.40, 0.33, 0.26, 0.24, 0.24, 0.22, 0.22, 0.22)", "(0.40, 0.33, 0.26, 0.24, 0.22, 0.22, 0.22, 0.22)"),
        ("N[N <= 16] = floor(N[N <= 16] * 1000 + 0.5) / 1000", ""),
        ("N[N > 16] = floor(N[N > 16] * 100 + 0.5) / 100", ""),
    ):
        assert source.count(wrong) == 1, f"MoSQITo has changed: {wrong}"
        source = source.replace(wrong, right)
    names: dict[str, object] = {}
    exec(compile(source, str(source_of.__file__), "exec"), names)
    return names["_calc_slopes"]  # type: ignore[return-value]
