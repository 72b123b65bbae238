"""Frames and predictions made from a seed, for the tests of aggregation and of the history."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from monitor.aggregate import Aggregator, EventThreshold, LevelBasis, Uncertainty
from monitor.clock import SampleClock
from monitor.settings import AggregateSettings, NodeSettings
from monitor.types import (
    EVENTS,
    LEVEL_FRAME,
    P0_PA,
    RATE_HZ,
    Gap,
    LevelFrame,
    LoudnessFrames,
    WindowPrediction,
    readonly,
)

START = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
THRESHOLDS = {label: EventThreshold(active=0.4, on=0.5, off=0.3) for label in EVENTS}
SHAPE = np.linspace(0, -30, 31)
Item = LevelFrame | LoudnessFrames | WindowPrediction | Gap


def pa2(level_db: float) -> float:
    """Return the mean square of a level, Pa^2."""
    return float(P0_PA**2 * 10 ** (level_db / 10))


def frame(start: int, level_db: float = 50.0, **changes: object) -> LevelFrame:
    """Return a 125 ms frame of a steady sound."""
    a = pa2(level_db)
    bands = readonly(a * 10 ** (SHAPE / 10) / np.sum(10 ** (SHAPE / 10)))
    steady = LevelFrame(start, a, a, a, a**0.5 * 2, a, a, a, a, a, bands, a**0.5 * 2)
    return replace(steady, **changes)  # type: ignore[arg-type]


def loudness(start: int, n_sone: float = 4.0, seconds: float = 1.0) -> LoudnessFrames:
    """Return steady loudness."""
    return LoudnessFrames(start, readonly(np.full(round(seconds * 500), n_sone)))


def prediction(end: int, short: dict[str, float] | None = None, **changes: object) -> WindowPrediction:
    """Return a prediction of the 30 s that end at a sample; `short` by label, 0.1 for the others."""
    prob = np.array([(short or {}).get(label, 0.1) for label in EVENTS])
    window = WindowPrediction(
        start_sample=end - 30 * RATE_HZ,
        n_samples=30 * RATE_HZ,
        scene_prob=np.array([0.2, 0.7, 0.1]),
        event_prob=prob,
        event_prob_short=prob,
        isop=0.25,
        isoe=-0.125,
        paq=np.array([4.0, 2.0, 1.5, 3.0, 3.5, 4.0, 1.5, 2.0]),
        partial=False,
        model_id="model-1",
    )
    return replace(window, **changes)  # type: ignore[arg-type]


def programme(seconds: int, seed: int = 1, gaps: tuple[tuple[int, int], ...] = (), hop_s: int = 2) -> Iterator[Item]:
    """Yield all that a lively place gives in whole seconds, in the order of samples; gaps are (second, seconds)."""
    rng = np.random.default_rng(seed)
    missing = {second for at, length in gaps for second in range(at, at + length)}
    level = 50.0
    prob = rng.random(len(EVENTS))
    for second in range(seconds):
        start = second * RATE_HZ
        if second in missing:
            yield Gap(start, RATE_HZ, "stall")
            continue
        level += float(rng.normal(0, 1)) - 0.05 * (level - 50)
        for k in range(8):
            a = pa2(level + float(rng.normal(0, 2)))
            bands = readonly(a * rng.lognormal(-3, 1, 31))
            yield LevelFrame(
                start + k * LEVEL_FRAME, a, 2 * a, 3 * a, 4 * a**0.5, a, 1.3 * a, 0.8 * a, a, 1.1 * a, bands, 5 * a**0.5
            )
        yield LoudnessFrames(start, readonly(rng.lognormal(1.5, 0.3, 500)))
        if second % hop_s == 0 and second >= 4 and not missing & set(range(second - 4, second)):
            prob = np.clip(prob + rng.normal(0, 0.15, len(EVENTS)), 0, 1)
            scene = rng.dirichlet([1, 2, 3])
            yield prediction(
                start,
                scene_prob=scene,
                event_prob=prob * 0.9,
                event_prob_short=prob,
                isop=float(rng.normal(0, 0.2)),
                isoe=float(rng.normal(0, 0.2)),
                paq=rng.uniform(1, 5, 8),
            )


def aggregator(
    clock: SampleClock | None = None,
    settings: AggregateSettings | None = None,
    zone: str = "UTC",
    basis: LevelBasis | None = None,
    model_id: str | None = "model-1",
) -> Aggregator:
    """Return an aggregator for the tests."""
    return Aggregator(
        settings or AggregateSettings(),
        node=NodeSettings(time_zone=zone),
        calibration=basis or LevelBasis(calibrated=True, level_reference="calibrated"),
        clock=clock or SampleClock(START),
        thresholds=THRESHOLDS,
        uncertainty=Uncertainty(0.2, 0.25),
        model_id=model_id,
    )
