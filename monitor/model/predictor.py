"""The network on the node: frames in, a prediction at every hop out."""

import dataclasses

import numpy as np

from monitor.model.bundle import Bundle
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT, SHORT, WINDOW, Collector, Job
from monitor.model.incremental import Incremental
from monitor.model.scores import event_probability, scene_probability
from monitor.model.whole import WholeWindow
from monitor.types import HOP_GRID, LOUDNESS_STEP, LoudnessFrames, MelFrames, WindowPrediction, readonly

_SLICE = 25
"""Units of a clip that are fed at once."""


def engine_of(bundle: Bundle) -> Incremental | WholeWindow:
    """What runs the bundle's graphs."""
    return Incremental(bundle) if bundle.manifest.engine == "incremental" else WholeWindow(bundle)


class Predictor:
    """Runs a bundle over two streams of frames.

    `process` does all at once. Where hearing and inferring are different threads, the hearing one calls `collect`,
    `reset`, `set_hop` and `finish`, the other `infer`: a job carries its whole window, so that jobs may be skipped
    (the newest wins) and the caches stay whole. The first prediction comes 4 s after the start of a stream.
    """

    def __init__(self, bundle: Bundle, hop_s: float = 2.0) -> None:
        self._bundle = bundle
        self._collector = Collector(bundle, hop_s)
        self._engine = engine_of(bundle)

    @property
    def model_id(self) -> str:
        """The bundle's id."""
        return self._bundle.id

    @property
    def hop_s(self) -> float:
        """Time between predictions, s."""
        return self._collector.hop_s

    def set_hop(self, hop_s: float) -> None:
        """Change the hop from the newest window on; raises ValueError unless it is a multiple of 0.08 s."""
        self._collector.set_hop(hop_s)

    def reset(self, start_sample: int) -> None:
        """Begin anew after a gap: what was heard before is forgotten; frames continue at `start_sample`."""
        self._collector.reset(start_sample)

    def collect(self, mel: MelFrames | None, loudness: LoudnessFrames | None) -> list[Job]:
        """Take new frames (cheap); return the windows they complete, usually none or one, oldest first.

        Raises ValueError for frames that do not continue their stream.
        """
        return self._collector.collect(mel, loudness)

    def finish(self) -> Job | None:
        """At the end of the sound: the window up to its last 80 ms, unless it was already given or is below 4 s."""
        return self._collector.finish()

    def infer(self, job: Job) -> WindowPrediction:
        """Run the network on a window (costly); jobs of one stream in order."""
        scores = self._engine.scores(job)
        calibration = self._bundle.calibration
        return WindowPrediction(
            start_sample=job.start_sample,
            n_samples=job.units * HOP_GRID,
            scene_prob=scene_probability(scores.scene[0], calibration),
            event_prob=event_probability(scores.event[0], calibration.event),
            event_prob_short=event_probability(scores.event[1], calibration.event_short),
            isop=float(np.clip(scores.isop[0], -1, 1)),
            isoe=float(np.clip(scores.isoe[0], -1, 1)),
            paq=readonly(np.clip(scores.paq[0].astype(np.float64), 1, 5)),
            partial=job.units < WINDOW,
            model_id=self._bundle.id,
        )

    def process(self, mel: MelFrames | None, loudness: LoudnessFrames | None) -> list[WindowPrediction]:
        """Take new frames and return the predictions they complete."""
        return [self.infer(job) for job in self.collect(mel, loudness)]

    def predict_clip(self, mel: MelFrames, loudness: LoudnessFrames) -> list[WindowPrediction]:
        """Predict along a whole clip: at every hop, and at its end; begins and ends with a fresh stream.

        A clip below 4 s is repeated up to 4 s and gives one partial prediction of its own length; an empty one gives
        none.
        """
        start, samples = loudness.start_sample, len(loudness.n_sone) * LOUDNESS_STEP
        if not len(mel.log_mel) or not samples:
            return []
        short = samples < SHORT * HOP_GRID or len(mel.log_mel) <= SHORT * MEL_PER_UNIT
        if short:
            frames, values = np.arange(SHORT * MEL_PER_UNIT + 1), np.arange(SHORT * LOUDNESS_PER_UNIT)
            mel = MelFrames(start, mel.log_mel[frames % len(mel.log_mel)])
            loudness = LoudnessFrames(start, loudness.n_sone[values % len(loudness.n_sone)])
        self.reset(start)
        predictions: list[WindowPrediction] = []
        for unit in range(0, len(mel.log_mel) // MEL_PER_UNIT + 1, _SLICE):
            frames_at, values_at = unit * MEL_PER_UNIT, unit * LOUDNESS_PER_UNIT
            at = start + unit * HOP_GRID
            predictions += self.process(
                MelFrames(at, mel.log_mel[frames_at : frames_at + _SLICE * MEL_PER_UNIT]),
                LoudnessFrames(at, loudness.n_sone[values_at : values_at + _SLICE * LOUDNESS_PER_UNIT]),
            )
        rest = self.finish()
        if rest is not None:
            predictions.append(self.infer(rest))
        self.reset(start)
        if not short:
            return predictions
        return [_of_length(one, samples) for one in predictions[-1:]]


def _of_length(prediction: WindowPrediction, n_samples: int) -> WindowPrediction:
    return dataclasses.replace(prediction, n_samples=n_samples)
