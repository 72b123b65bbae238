"""Networks without an incremental form: the whole window is computed at every hop."""

import numpy as np

from monitor.model.bundle import Bundle
from monitor.model.collector import MEL_PER_UNIT, SHORT, WINDOW, Job
from monitor.model.scores import OUTPUTS, Scores
from monitor.types import Float32Array

FRAMES = WINDOW * MEL_PER_UNIT + 1
"""Log-mel frames of the full window: 3,001; shorter windows are repeated up to it."""


class WholeWindow:
    """The siblings of SoundEQnet: log-mel only."""

    def __init__(self, bundle: Bundle) -> None:
        self._graph = bundle.session("window.onnx")

    def scores(self, job: Job) -> Scores:
        """Score the job's window and its newest 4 s."""
        windows = np.stack([_repeated(job.mel), _repeated(job.mel[-1 - SHORT * MEL_PER_UNIT :])])
        return Scores(*self._graph.run(OUTPUTS, {"log_mel": windows}))


def _repeated(mel: Float32Array) -> Float32Array:
    return np.take(mel, np.arange(FRAMES) % len(mel), axis=0)
