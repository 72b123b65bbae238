"""How a distilled network does on recordings it never saw: against labels, and against the teachers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.types import EVENTS, PAQ, FloatArray
from training.calibration import EventCalibration
from training.metrics import Figure, auc, bootstrap, correlation, macro_accuracy
from training.mixture.render import AUDIBLE_DB
from training.targets import TELLING, UNTOLD
from training.teachers import scene_target

Arrays = dict[str, NDArray[Any]]
MINIMUM = 8
"""Clips with, and without, an event below which no AUC is given."""


def presence(arrays: Arrays) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which events are there, and of which clips that is known at all; both (n, 15).

    An ambience may hold what its labels do not list: there, absence is known of few events only.
    """
    heard = np.asarray(arrays["heard"], dtype=np.float32)
    there = heard >= AUDIBLE_DB
    told = np.array([event not in UNTOLD for event in EVENTS])
    telling = np.array([event in TELLING for event in EVENTS])
    absent = (heard < -90) & (np.asarray(arrays["closed"], dtype=bool)[:, None] | telling)
    return there, (there | absent) & told


def event_areas(score: FloatArray, arrays: Arrays) -> FloatArray:
    """AUC per event on the clips where it is known, shape (15,); NaN for events with too few clips."""
    there, known = presence(arrays)
    areas = np.full(len(EVENTS), np.nan)
    for e in range(len(EVENTS)):
        y, rows = there[known[:, e], e], known[:, e]
        if min(y.sum(), (~y).sum()) >= MINIMUM:
            areas[e] = auc(y, score[rows, e])
    return areas


def told(logits: FloatArray, arrays: Arrays, fields: dict[str, Any], least: float = 0.0) -> tuple[float, float]:
    """Share of the sounds told that the labels name, and share of those named that are told; NaN without any.

    Told: by calibration and thresholds of a bundle, and at least `least` likely; on clips where presence is known.
    """
    whole = fields["calibration"]["event"]
    probability = EventCalibration(np.array(whole["scale"]), np.array(whole["bias"])).apply(logits)
    there, known = presence(arrays)
    said = (probability >= np.maximum(fields["thresholds"]["active"], least)) & known
    named = there & known
    right = float((said & named).sum())
    return right / said.sum() if said.any() else float("nan"), right / named.sum() if named.any() else float("nan")


def teachers_scores(arrays: Arrays) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The ensemble's scene (n, 3), event (n, 15) and affect (n, 10)."""
    scene = scene_target(np.asarray(arrays["teacher_scene"], dtype=np.float32))
    event, affect = (
        np.asarray(arrays[f"teacher_{kind}"], dtype=np.float64).mean(axis=1) for kind in ("event", "affect")
    )
    return scene.astype(np.float64), event, affect


def judge(
    scene: FloatArray, event: FloatArray, affect: FloatArray, arrays: Arrays, origins: NDArray[np.str_] | None = None
) -> dict[str, Figure]:
    """Figures with intervals (by origin where given): scenes, mean event AUC, agreement with the teachers."""
    n = len(scene)
    label = np.asarray(arrays["scene"], dtype=np.int64)
    teacher_scene, teacher_event, teacher_affect = teachers_scores(arrays)

    def subset(rows: NDArray[np.int64]) -> Arrays:
        return {key: arrays[key][rows] for key in ("heard", "closed")}

    def accuracy(said: FloatArray, rows: NDArray[np.int64]) -> float:
        rows = rows[label[rows] >= 0]
        return macro_accuracy(label[rows], said[rows].argmax(axis=1)) if len(rows) else float("nan")

    def agreement(rows: NDArray[np.int64], columns: slice) -> float:
        return float(correlation(affect[rows][:, columns], teacher_affect[rows][:, columns]).mean())

    def area(said: FloatArray, rows: NDArray[np.int64]) -> float:
        areas = event_areas(said[rows], subset(rows))
        return float(np.nanmean(areas)) if (~np.isnan(areas)).any() else float("nan")

    figures = {
        "scene_macro_accuracy": bootstrap(lambda i: accuracy(scene, i), n, groups=origins),
        "teachers_scene_macro_accuracy": bootstrap(lambda i: accuracy(teacher_scene, i), n, groups=origins),
        "scene_as_teachers": bootstrap(
            lambda i: macro_accuracy(teacher_scene[i].argmax(axis=1), scene[i].argmax(axis=1)), n, groups=origins
        ),
        "event_auc": bootstrap(lambda i: area(event, i), n, groups=origins),
        "teachers_event_auc": bootstrap(lambda i: area(teacher_event, i), n, groups=origins),
        "paq_correlation": bootstrap(lambda i: agreement(i, slice(2, 10)), n, groups=origins),
        "iso_correlation": bootstrap(lambda i: agreement(i, slice(0, 2)), n, groups=origins),
    }
    for k, name in enumerate(PAQ):
        figures[f"{name}_correlation"] = bootstrap(lambda i, k=k: agreement(i, slice(2 + k, 3 + k)), n, groups=origins)  # type: ignore[misc]
    return figures
