"""From statistics to what people read: levels, loudness, scene, events and affect, rounded, with reasons."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from monitor.aggregate.histogram import count_below, level_db, level_percentiles, loudness_percentiles
from monitor.aggregate.statistics import (
    CLOCK_SIMULATED,
    CLOCK_UNSYNCHRONISED,
    ENERGY_UNIT_PA2,
    LOUDNESS_UNIT_SONE,
    NO_MODEL,
    REFERENCE_ASSUMED,
    REFERENCE_CONFIGURED,
    SHARE_UNIT,
    UNCALIBRATED,
    WEIGHTINGS,
    IntervalStats,
)
from monitor.records import (
    Affect,
    ClockQuality,
    EventActivity,
    Interval,
    LevelReference,
    Levels,
    Loudness,
    Quality,
    Reason,
    Scene,
)
from monitor.types import EVENTS, LEVEL_FRAME, PAQ, RATE_HZ, SCENES, THIRD_OCTAVES_HZ

FRAME_S = LEVEL_FRAME / RATE_HZ
BAND_FLOOR_BELOW_DB = 30.0
"""A third octave is told down to so far below the floor of dB(A): self-noise spreads over 31 bands."""
BAND_NAMES = tuple(f"{hz:g}" for hz in THIRD_OCTAVES_HZ)


class Uncertainty(NamedTuple):
    """Standard deviation of affect between listeners, -1..1 scale, where the model knows it."""

    isop: float | None = None
    isoe: float | None = None


@dataclass(frozen=True, slots=True)
class LevelBasis:
    """What levels rest on."""

    calibrated: bool = False
    level_reference: LevelReference = "assumed"
    floor_dba: float = 20.0
    """Below it a level is under range, dB(A)."""
    overload_db: float | None = None
    """Peak level at which the microphone overloads, dB; None: at full scale only."""


def summarise(stats: IntervalStats, start: datetime, duration_s: float) -> Interval:
    """Return what an interval sounded like."""
    return Interval(
        start=start,
        duration_s=duration_s,
        levels=levels_of(stats),
        loudness=loudness_of(stats),
        scene=scene_of(stats),
        events=events_of(stats),
        affect=affect_of(stats),
        quality=quality_of(stats, duration_s),
        model_id=" + ".join(sorted(stats.models)) or None,
    )


def levels_of(stats: IntervalStats) -> Levels:
    """Return the levels of an interval: energy means, extremes, and Ln from LAF every 125 ms, dB, 0.01 dB steps."""
    n, floor_dba = stats.frames, stats.floor_dba
    means = [total * ENERGY_UNIT_PA2 / n if n else 0.0 for total in stats.energy]
    laeq, lceq, lzeq = (_level(ms, floor_dba) for ms in means[:WEIGHTINGS])
    exposure = sum(stats.energy[:1]) * ENERGY_UNIT_PA2 * FRAME_S
    l5, l10, l50, l90, l95 = level_percentiles(stats.laf, (5, 10, 50, 90, 95), floor_dba)
    lowest = 0.0 if stats.laf_min_pa2 == float("inf") else stats.laf_min_pa2
    return Levels(
        LAeq=laeq,
        LCeq=lceq,
        LZeq=lzeq,
        LAE=_level(exposure) if laeq is not None else None,
        LAFmax=_level(stats.laf_max_pa2, floor_dba),
        LAFmin=_level(lowest, floor_dba),
        LASmax=_level(stats.las_max_pa2, floor_dba),
        LCpeak=_level(stats.c_peak_pa**2, floor_dba),
        L5=_round(l5, 2),
        L10=_round(l10, 2),
        L50=_round(l50, 2),
        L90=_round(l90, 2),
        L95=_round(l95, 2),
        bands_Leq={
            name: _level(ms, floor_dba - BAND_FLOOR_BELOW_DB)
            for name, ms in zip(BAND_NAMES, means[WEIGHTINGS:], strict=True)
        },
        reason=None if laeq is not None else "under_range" if n else "no_audio",
    )


def loudness_of(stats: IntervalStats) -> Loudness:
    """Return the loudness of an interval, sone, from the values every 2 ms."""
    n = int(stats.loudness.sum())
    n5, n10, n50, n90 = (_round(v, 3) for v in loudness_percentiles(stats.loudness, (5, 10, 50, 90)))
    return Loudness(
        N5=n5,
        N10=n10,
        N50=n50,
        N90=n90,
        N_mean=round(stats.n_sum * LOUDNESS_UNIT_SONE / n, 3) if n else None,
        N_max=round(stats.n_max_sone, 3) if n else None,
        reason=None if n else "no_audio",
    )


def scene_of(stats: IntervalStats) -> Scene:
    """Return the scene of an interval: the one with the largest mean probability."""
    if not stats.weight:
        return Scene(label=None, prob={}, share={}, reason=_silence_of(stats))
    prob = dict(zip(SCENES, _means(stats.scene, stats.weight), strict=True))
    share = {name: _share(total, stats.weight) for name, total in zip(SCENES, stats.likeliest, strict=True)}
    return Scene(label=max(prob, key=lambda name: prob[name]), prob=prob, share=share)


def events_of(stats: IntervalStats) -> dict[str, EventActivity]:
    """Return how present each kind of sound was, by label; empty without predictions."""
    if not stats.weight:
        return {}
    return {
        label: EventActivity(
            mean=mean, max=round(min(stats.event_max[k], 1.0), 4), active=_share(stats.event_active[k], stats.weight)
        )
        for k, (label, mean) in enumerate(zip(EVENTS, _means(stats.event, stats.weight), strict=True))
    }


def affect_of(stats: IntervalStats) -> Affect:
    """Return the affect of an interval: time-weighted means and standard deviations over time."""
    if not stats.weight:
        return Affect(isop=None, isoe=None, reason=_silence_of(stats))
    isop, isoe, *paq = _means(stats.affect, stats.weight)
    isop_sd, isoe_sd, *paq_sd = (
        round(max(square * stats.weight - total * total, 0) ** 0.5 / stats.weight * SHARE_UNIT, 4)
        for total, square in zip(stats.affect, stats.affect_sq, strict=True)
    )
    return Affect(
        isop=isop,
        isoe=isoe,
        isop_sd=isop_sd,
        isoe_sd=isoe_sd,
        isop_uncertainty=_known(stats.isop_uncertainty),
        isoe_uncertainty=_known(stats.isoe_uncertainty),
        paq=dict(zip(PAQ, paq, strict=True)),
        paq_sd=dict(zip(PAQ, paq_sd, strict=True)),
    )


def quality_of(stats: IntervalStats, duration_s: float) -> Quality:
    """Return how far the numbers can be trusted; the worst part of the interval decides on reference and clock."""
    reference: LevelReference = "calibrated"
    if stats.flags & REFERENCE_ASSUMED:
        reference = "assumed"
    elif stats.flags & REFERENCE_CONFIGURED:
        reference = "configured"
    clock: ClockQuality = "synchronised"
    if stats.flags & CLOCK_UNSYNCHRONISED:
        clock = "unsynchronised"
    elif stats.flags & CLOCK_SIMULATED:
        clock = "simulated"
    return Quality(
        calibrated=not stats.flags & UNCALIBRATED,
        level_reference=reference,
        coverage=round(min(stats.heard_us / (duration_s * 1e6), 1.0), 5),
        clipped_pct=_percent(stats.clipped, stats.frames * LEVEL_FRAME),
        overload_pct=_percent(stats.overload, stats.frames),
        under_range_pct=_percent(count_below(stats.laf, stats.floor_dba), stats.frames),
        wind_pct=_percent(stats.wind, stats.frames),
        clock=clock,
    )


def _silence_of(stats: IntervalStats) -> Reason:
    """Return why there is no prediction."""
    if stats.flags & NO_MODEL:
        return "model_unavailable"
    return "no_prediction" if stats.frames else "no_audio"


def _known(value: float) -> float | None:
    return value if value >= 0 else None


def _level(mean_square_pa2: float, floor_db: float | None = None) -> float | None:
    level = level_db(mean_square_pa2)
    return None if level is None or (floor_db is not None and level < floor_db) else round(level, 2)


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _means(totals: list[int], weight: int) -> list[float]:
    return [round(total * SHARE_UNIT / weight, 4) for total in totals]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4)


def _percent(part: int, whole: int) -> float:
    return round(min(100 * part / whole, 100.0), 4) if whole else 0.0
