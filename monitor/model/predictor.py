"""The network on the node: frames in, a prediction at every hop out."""

import dataclasses

import numpy as np

from monitor.model.bundle import Bundle
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT, SHORT, WINDOW, Collector, Job
from monitor.model.incremental import Incremental
from monitor.model.scores import event_probability, scene_probability
from monitor.model.whole import WholeWindow
from monitor.types import HOP_GRID, LOUDNESS_STEP, LoudnessFrames, MelFrames, WindowPrediction, readonly


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

    def predict_short(self, mel: MelFrames, loudness: LoudnessFrames) -> WindowPrediction | None:
        """Predict a whole clip below 4 s, repeated up to 4 s; None for an empty one.

        The prediction is partial and as long as the clip. Begins and ends with a fresh stream.
        """
        start, samples = loudness.start_sample, len(loudness.n_sone) * LOUDNESS_STEP
        if not len(mel.log_mel) or not samples:
            return None
        frames, values = np.arange(SHORT * MEL_PER_UNIT + 1), np.arange(SHORT * LOUDNESS_PER_UNIT)
        self.reset(start)
        jobs = self.collect(
            MelFrames(start, mel.log_mel[frames % len(mel.log_mel)]),
            LoudnessFrames(start, loudness.n_sone[values % len(loudness.n_sone)]),
        )
        job = jobs[0] if jobs else self.finish()
        assert job is not None
        self.reset(start)
        return dataclasses.replace(self.infer(job), n_samples=samples)
