"""A recording straight to a description: the same chain as on the node, one window after the other, and a summary."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.aggregate.statistics import IntervalStats, flags_of
from monitor.aggregate.summary import summarise
from monitor.dsp.hearing import Heard, Hearing
from monitor.model.bundle import Bundle
from monitor.model.predictor import Predictor
from monitor.narrate.narrator import describe_caption
from monitor.records import Interval
from monitor.settings import CalibrationSettings, NodeSettings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import CalibrationState
from monitor.types import EVENTS, RATE_HZ, AudioBlock, Gap, LoudnessFrames, MelFrames, WindowPrediction

WINDOW_S = 30.0
SHORT_CLIP_S = 4.0
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""A clip has no known time of day."""
SETTLING = 4


@dataclass(slots=True)
class _Clip:
    """What a clip has given so far."""

    stats: IntervalStats = field(default_factory=IntervalStats)
    predictions: list[WindowPrediction] = field(default_factory=list)
    mel: list[MelFrames] = field(default_factory=list)
    loudness: list[LoudnessFrames] = field(default_factory=list)
    end: int = 0
    missing: int = 0


def describe(
    path: Path,
    bundle: Bundle | None,
    calibration: CalibrationState,
    *,
    settings: CalibrationSettings | None = None,
    language: str = "en",
) -> dict[str, Any]:
    """Return the description of a sound file (levels in dB re 20 uPa, loudness in sone, times in s).

    Raises SourceError where the file gives no sound. `bundle` None: levels and loudness only, the rest null.
    """
    settings = settings or CalibrationSettings()
    predictor = None if bundle is None else Predictor(bundle, WINDOW_S)
    clip = _Clip()
    with AudioFileSource(path, calibration) as source:
        hearing = Hearing(field=settings.field)
        since_gap = 0
        while not source.exhausted:
            item = source.read(1.0)
            if isinstance(item, AudioBlock):
                since_gap = _add(clip, hearing.process(item.pressure_pa, item.n_clipped), predictor, since_gap)
                clip.end = item.end_sample
            elif isinstance(item, Gap):
                since_gap = 0
                hearing.reset(item.end_sample)
                if predictor is not None:
                    predictor.reset(item.end_sample)
                clip.mel.clear()
                clip.loudness.clear()
                clip.missing += item.n_samples
                clip.end = item.end_sample
        _add(clip, hearing.flush(), predictor, since_gap)
        faults = list(source.faults)
    _finish(clip, predictor)
    return _description(path, clip, bundle, calibration, settings, language, faults)


def _add(clip: _Clip, heard: Heard, predictor: Predictor | None, since_gap: int) -> int:
    """Add frames; return the level frames since the last gap."""
    settling = np.arange(since_gap, since_gap + len(heard.levels)) < SETTLING
    clip.stats.add_levels(heard.levels, settling)
    clip.stats.add_loudness(heard.loudness.n_sone)
    if predictor is not None:
        clip.predictions += predictor.process(heard.mel, heard.loudness)
        if not clip.predictions and sum(len(f.log_mel) for f in clip.mel) < SHORT_CLIP_S * 100:
            clip.mel.append(heard.mel)
            clip.loudness.append(heard.loudness)
    return since_gap + len(heard.levels)


def _finish(clip: _Clip, predictor: Predictor | None) -> None:
    """Predict what is left: the last window, or a clip below 4 s, which is repeated for the model."""
    if predictor is None:
        return
    if (job := predictor.finish()) is not None:
        clip.predictions.append(predictor.infer(job))
    if not clip.predictions and clip.mel:
        mel = MelFrames(clip.mel[0].start_sample, np.concatenate([f.log_mel for f in clip.mel]))
        loudness = LoudnessFrames(clip.loudness[0].start_sample, np.concatenate([f.n_sone for f in clip.loudness]))
        if (one := predictor.predict_short(mel, loudness)) is not None:
            clip.predictions.append(one)


def _active(prediction: WindowPrediction, bundle: Bundle) -> NDArray[np.bool_]:
    """Which events count: by threshold; where none does, by the first fallback that any event reaches."""
    thresholds = bundle.thresholds
    active = prediction.event_prob >= np.array(thresholds.active)
    for fallback in thresholds.fallback:
        if active.any():
            break
        active = prediction.event_prob >= fallback
    return np.asarray(active, np.bool_)


def _description(
    path: Path,
    clip: _Clip,
    bundle: Bundle | None,
    calibration: CalibrationState,
    settings: CalibrationSettings,
    language: str,
    faults: list[str],
) -> dict[str, Any]:
    stats, told_to = clip.stats, 0
    windows: list[dict[str, Any]] = []
    for prediction in clip.predictions:
        assert bundle is not None
        active = _active(prediction, bundle)
        stats.add_prediction(prediction, max(prediction.end_sample - told_to, 1), active)
        told_to = prediction.end_sample
        windows.append(_window(prediction, active, bundle))
    stats.heard_us = round((clip.end - clip.missing) / RATE_HZ * 1e6)
    stats.flags |= flags_of(calibration.calibrated, calibration.level_reference, "simulated", bundle is not None)
    stats.floor_dba = settings.floor_dba
    if bundle is not None:
        stats.isop_uncertainty, stats.isoe_uncertainty = bundle.uncertainty.isop, bundle.uncertainty.isoe
    duration_s = clip.end / RATE_HZ
    interval = summarise(stats, NO_TIME, duration_s)
    thresholds = {} if bundle is None else bundle.active_from
    caption = describe_caption(interval, node=NodeSettings(), thresholds=thresholds, language_code=language)
    description = _flat(path, interval, windows)
    description["caption"] = {
        "text": caption.text,
        "headline": caption.headline,
        "source": caption.source,
        "facts": [fact.text for fact in caption.facts],
    }
    if len(windows) > 1:
        description["windows"] = windows
    if faults:
        description["faults"] = faults
    return description


def _window(prediction: WindowPrediction, active: NDArray[np.bool_], bundle: Bundle) -> dict[str, Any]:
    return {
        "start_s": round(prediction.start_sample / RATE_HZ, 2),
        "duration_s": round(prediction.n_samples / RATE_HZ, 2),
        "scene": bundle.manifest.scenes[int(np.argmax(prediction.scene_prob))],
        "active": [label for label, on in zip(EVENTS, active, strict=True) if on],
        "isop": round(prediction.isop, 4),
        "isoe": round(prediction.isoe, 4),
    }


def _flat(path: Path, interval: Interval, windows: list[dict[str, Any]]) -> dict[str, Any]:
    levels, loudness, affect, quality = interval.levels, interval.loudness, interval.affect, interval.quality
    return {
        "clip": str(path),
        "duration_s": round(interval.duration_s, 3),
        "scene": {"label": interval.scene.label, "prob": interval.scene.prob},
        "events": {label: activity.mean for label, activity in interval.events.items()},
        "active": [label for label, activity in interval.events.items() if activity.active >= 0.5],
        "affect": {
            "isop": affect.isop,
            "isoe": affect.isoe,
            "isop_uncertainty": affect.isop_uncertainty,
            "isoe_uncertainty": affect.isoe_uncertainty,
            "paq": affect.paq,
        },
        "loudness": loudness.model_dump(include={"N5", "N50", "N_mean", "N_max"}),
        "level": levels.model_dump(include={"LAeq", "LAFmax", "LCpeak", "L10", "L50", "L90"}),
        "model": {"id": interval.model_id},
        "quality": {
            "calibrated": quality.calibrated,
            "level_reference": quality.level_reference,
            "clipped_pct": quality.clipped_pct,
            "coverage": quality.coverage,
        },
    }
