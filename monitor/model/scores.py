"""What a graph returns, and the probabilities it stands for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from monitor.model.manifest import Calibration, Platt
from monitor.types import Float32Array, FloatArray, readonly


class Scores(NamedTuple):
    """Raw outputs of two windows: row 0 the whole one, row 1 the newest 4 s."""

    scene: Float32Array
    """Shape (2, 3), logits."""
    event: Float32Array
    """Shape (2, 15), logits."""
    isop: Float32Array
    """Shape (2,)."""
    isoe: Float32Array
    """Shape (2,)."""
    paq: Float32Array
    """Shape (2, 8)."""


OUTPUTS: Sequence[str] = Scores._fields
"""Names of a graph's outputs."""


def scene_probability(logits: Float32Array, calibration: Calibration) -> FloatArray:
    """Calibrated softmax of logits (3,)."""
    x = logits.astype(np.float64) / calibration.scene_temperature + np.array(calibration.scene_bias)
    weight = np.exp(x - x.max())
    return readonly(np.asarray(weight / weight.sum(), dtype=np.float64))


def event_probability(logits: Float32Array, platt: Platt) -> FloatArray:
    """Calibrated sigmoid of logits (15,)."""
    x = np.array(platt.scale) * logits.astype(np.float64) + np.array(platt.bias)
    return readonly(np.asarray(0.5 * (1 + np.tanh(0.5 * x)), dtype=np.float64))
