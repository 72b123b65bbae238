"""Windows of real recordings, by the same features as on the node."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from monitor.dsp.loudness import StreamingLoudness
from monitor.dsp.mel import log_mel
from monitor.dsp.resample import Resampler
from monitor.model.bundle import Bundle
from monitor.model.collector import WINDOW, Collector, Job
from monitor.types import RATE_HZ, TRAINING_FULL_SCALE_PA, FloatArray, LoudnessFrames, MelFrames


def pressure(paths: Sequence[Path]) -> FloatArray:
    """Recordings one after the other, mean of their channels, at 48 kHz on the training scale, Pa."""
    parts = []
    for path in paths:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
        resampler = Resampler(rate, RATE_HZ, "flat")
        parts += [resampler.process(samples.mean(axis=1)), resampler.flush()]
    return np.concatenate(parts) * TRAINING_FULL_SCALE_PA


def windows_of(bundle: Bundle, paths: Sequence[Path], hop_s: float = 2.0) -> list[Job]:
    """Full windows of the joined recordings at every hop."""
    return windows(bundle, pressure(paths), hop_s)


def windows(bundle: Bundle, pressure_pa: FloatArray, hop_s: float) -> list[Job]:
    """Full windows of a sound at every hop."""
    mel = MelFrames(0, log_mel(pressure_pa / TRAINING_FULL_SCALE_PA, RATE_HZ))
    loudness = LoudnessFrames(0, StreamingLoudness(fs=RATE_HZ, field="free").process(pressure_pa))
    return [job for job in Collector(bundle, hop_s).collect(mel, loudness) if job.units == WINDOW]
