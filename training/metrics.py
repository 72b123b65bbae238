"""Figures of merit, each with a bootstrap interval: those of the paper, and stricter ones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from monitor.types import EVENTS, PAQ, SCENES, FloatArray

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def auc(positive: NDArray[np.bool_], score: FloatArray) -> float:
    """Area under the ROC curve by ranks (ties count half); NaN unless both classes are there."""
    n, m = int(positive.sum()), int((~positive).sum())
    if n == 0 or m == 0:
        return float("nan")
    return float((rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))


def average_precision(positive: NDArray[np.bool_], score: FloatArray) -> float:
    """Area under the precision-recall steps; NaN without positives."""
    if not positive.any():
        return float("nan")
    hits = positive[np.argsort(-score, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def macro_accuracy(truth: Indices, said: Indices, classes: int = len(SCENES)) -> float:
    """Mean recall over the classes that occur."""
    recalls = [(said[truth == c] == c).mean() for c in range(classes) if (truth == c).any()]
    return float(np.mean(recalls)) if recalls else float("nan")


def clip_auc(truth: FloatArray, score: FloatArray) -> float:
    """AUC as published: per clip across the events, (n, 15), averaged over clips with both kinds.

    A constant prior scores 0.761 on ARAUS: read it beside the AUC per class.
    """
    ranks = rankdata(score, axis=1)
    positive = truth > 0.5
    n, m = positive.sum(axis=1), (~positive).sum(axis=1)
    both = (n > 0) & (m > 0)
    area = ((ranks * positive).sum(axis=1) - n * (n + 1) / 2)[both] / (n * m)[both]
    return float(area.mean()) if both.any() else float("nan")


def class_auc(truth: FloatArray, score: FloatArray) -> FloatArray:
    """AUC per event over the clips, shape (15,); NaN for an event that is always or never there."""
    return np.array([auc(truth[:, e] > 0.5, score[:, e]) for e in range(truth.shape[1])])


def mean_average_precision(truth: FloatArray, score: FloatArray) -> float:
    """Average precision, averaged over the events that occur."""
    return float(np.nanmean([average_precision(truth[:, e] > 0.5, score[:, e]) for e in range(truth.shape[1])]))


def correlation(x: FloatArray, y: FloatArray) -> FloatArray:
    """Pearson correlation column by column, shape (columns,)."""
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    return np.asarray(
        (a * b).sum(axis=0) / (np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)) + 1e-12), dtype=np.float64
    )


def calibration_error(truth: FloatArray, probability: FloatArray, bins: int = 10) -> float:
    """Expected calibration error: |share of positives - mean probability| by equal-width bin, weighted by size."""
    where = np.minimum((probability * bins).astype(np.int64), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = where == b
        if inside.any():
            total += inside.mean() * abs(truth[inside].mean() - probability[inside].mean())
    return float(total)


def bootstrap(
    statistic: Callable[[Indices], float],
    n: int,
    *,
    groups: NDArray[np.generic] | None = None,
    rounds: int = 200,
    seed: int = 0,
) -> Figure:
    """A statistic of rows with its 95 % interval by resampling rows, or whole groups of them (clips of one origin)."""
    rng = np.random.default_rng(seed)
    everything = np.arange(n)
    if groups is None:
        members = [np.array([row]) for row in everything]
    else:
        _, inverse = np.unique(groups, return_inverse=True)
        members = [np.flatnonzero(inverse == g) for g in range(inverse.max() + 1)]
    values = []
    for _ in range(rounds):
        drawn = rng.integers(0, len(members), len(members))
        rows = rng.integers(0, n, n) if groups is None else np.concatenate([members[g] for g in drawn])
        values.append(statistic(rows))
    known = [value for value in values if not np.isnan(value)] or [float("nan")]
    low, high = np.percentile(known, [2.5, 97.5])
    return Figure(statistic(everything), float(low), float(high))


def paper_figures(
    scene: FloatArray, event: FloatArray, affect: FloatArray, truth: dict[str, FloatArray], rounds: int = 200
) -> dict[str, Figure]:
    """The paper's table and more, for predictions scene (n, 3), event (n, 15), affect (n, 10) against `truth`."""
    n = len(scene)
    said, label = scene.argmax(axis=1), truth["scene"].argmax(axis=1)
    error = (affect - truth["affect"]) ** 2

    def figure(statistic: Callable[[Indices], float]) -> Figure:
        return bootstrap(statistic, n, rounds=rounds)

    table = {
        "scene_macro_accuracy": figure(lambda i: macro_accuracy(label[i], said[i])),
        "event_auc_per_clip": figure(lambda i: clip_auc(truth["event"][i], event[i])),
        "event_auc_per_class": figure(lambda i: float(np.nanmean(class_auc(truth["event"][i], event[i])))),
        "event_map": figure(lambda i: mean_average_precision(truth["event"][i], event[i])),
        "paq_mse": figure(lambda i: float(error[i, 2:].mean())),
        "isop_mse": figure(lambda i: float(error[i, 0].mean())),
        "isoe_mse": figure(lambda i: float(error[i, 1].mean())),
    }
    for k, name in enumerate(PAQ):
        table[f"{name}_mse"] = figure(lambda i, k=k: float(error[i, 2 + k].mean()))  # type: ignore[misc]
    return table


assert len(EVENTS) == 15
