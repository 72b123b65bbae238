"""From logits to probabilities that mean what they say, and the thresholds that follow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logsumexp

from monitor.types import EVENTS, FloatArray
from training.metrics import calibration_error

SCALE_LIMITS = (0.2, 3.0)
"""Platt scales outside it are not believed: too few clips of a kind."""
THRESHOLD_LIMITS = (0.15, 0.85)
LEAST_LIKELY = 0.5
"""A sound is told as heard only where it is likelier than not, even if a lower threshold had the better F1."""


@dataclass(frozen=True, slots=True, eq=False)
class EventCalibration:
    """Probability = sigmoid(scale * logit + bias), per event; arrays of shape (15,)."""

    scale: FloatArray
    bias: FloatArray

    def apply(self, logits: FloatArray) -> FloatArray:
        """Map logits (n, 15) to probabilities."""
        return np.asarray(expit(self.scale * logits + self.bias), dtype=np.float64)


def fit_events(logits: FloatArray, truth: FloatArray, prior: float = 4.0) -> EventCalibration:
    """Platt scaling per event on held-out clips, logits and truth (n, 15), truth 0..1.

    A scale of 1 and a bias of 0 count as much as `prior` clips, so that rare events stay near them.
    """
    scale, bias = np.ones(len(EVENTS)), np.zeros(len(EVENTS))
    for e in range(len(EVENTS)):
        x, y = logits[:, e].astype(np.float64), truth[:, e].astype(np.float64)

        def loss(parameters: FloatArray, x: FloatArray = x, y: FloatArray = y) -> float:
            z = parameters[0] * x + parameters[1]
            penalty = prior * ((parameters[0] - 1) ** 2 + 0.1 * parameters[1] ** 2)
            return float((np.logaddexp(0, z) - y * z).sum() + penalty)

        fitted = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[SCALE_LIMITS, (-6, 6)])
        scale[e], bias[e] = fitted.x
    return EventCalibration(scale, bias)


def fit_scene(logits: FloatArray, truth: FloatArray) -> float:
    """Temperature of the scene softmax; logits and truth (n, 3)."""

    def loss(parameters: FloatArray) -> float:
        return float(-(truth * log_softmax(logits * parameters[0], axis=1)).sum(axis=1).mean())

    return 1.0 / float(minimize(loss, np.ones(1), method="L-BFGS-B", bounds=[(0.1, 5.0)]).x[0])


def scene_probability(logits: FloatArray, temperature: float) -> FloatArray:
    """softmax(logits / temperature), (n, 3)."""
    x = logits / temperature
    return np.asarray(np.exp(x - logsumexp(x, axis=1, keepdims=True)), dtype=np.float64)


def best_threshold(truth: FloatArray, probability: FloatArray) -> float:
    """The probability above which an event should count: largest F1 on held-out clips, middle of the best ones."""
    candidates = np.arange(THRESHOLD_LIMITS[0], THRESHOLD_LIMITS[1] + 1e-9, 0.01)
    positive = truth > 0.5
    if not positive.any() or positive.all():
        return 0.5
    scores = []
    for threshold in candidates:
        said = probability >= threshold
        hits = (said & positive).sum()
        scores.append(2 * hits / max(1, said.sum() + positive.sum()))
    good = candidates[np.array(scores) >= max(scores) - 0.005]
    return round(float(np.median(good)), 2)


def calibrate(
    scene: FloatArray,
    event: FloatArray,
    truth: dict[str, FloatArray],
    short: tuple[FloatArray, FloatArray] | None = None,
) -> dict[str, Any]:
    """Bundle fields `calibration`, `thresholds` and `metrics` (calibration errors) from held-out logits.

    scene (n, 3) and event (n, 15): logits of whole windows, with truth {"scene", "event"}; short: logits of clips of
    4 s (m, 15) and their truth (m, 15). Without them the newest 4 s are read as the whole window, and no error is told.
    """
    temperature = fit_scene(scene, truth["scene"])
    whole = fit_events(event, truth["event"])
    probability = whole.apply(event)
    short_logits, short_truth = short if short is not None else (event, truth["event"])
    brief = fit_events(short_logits, short_truth)
    brief_probability = brief.apply(short_logits)
    best = [best_threshold(truth["event"][:, e], probability[:, e]) for e in range(len(EVENTS))]
    errors = {
        "scene": calibration_error(truth["scene"].ravel(), scene_probability(scene, temperature).ravel()),
        "event": calibration_error(truth["event"].ravel(), probability.ravel()),
        "event_uncalibrated": calibration_error(truth["event"].ravel(), expit(event).ravel()),
    }
    if short is not None:
        errors["event_short"] = calibration_error(short_truth.ravel(), brief_probability.ravel())
    active = [max(LEAST_LIKELY, threshold) for threshold in best]
    begins = [best_threshold(short_truth[:, e], brief_probability[:, e]) for e in range(len(EVENTS))]
    return {
        "calibration": {
            "scene_temperature": temperature,
            "event": {"scale": whole.scale.tolist(), "bias": whole.bias.tolist()},
            "event_short": {"scale": brief.scale.tolist(), "bias": brief.bias.tolist()},
        },
        "thresholds": {
            "active": active,
            "fallback": [],
            "short_on": begins,
            "short_off": [round(max(0.05, 0.6 * one), 2) for one in begins],
        },
        "metrics": {"ece": errors},
    }


def bundle_fields(
    scene: FloatArray, event: FloatArray, affect: FloatArray, truth: dict[str, FloatArray]
) -> dict[str, Any]:
    """Fields for a bundle from held-out clips that listeners rated as wholes: nothing is known of 4 s of them."""
    spread = np.sqrt(((affect - truth["affect"]) ** 2).mean(axis=0))
    uncertainty = {"isop": float(spread[0]), "isoe": float(spread[1]), "paq": spread[2:].tolist()}
    return calibrate(scene, event, truth) | {"uncertainty": uncertainty}
