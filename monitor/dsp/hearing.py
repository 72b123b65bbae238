"""Everything the node computes from sound, in one chain: levels, loudness and log-mel of the same chunk of pressure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor.dsp.level_meter import LevelMeter
from monitor.dsp.loudness import Field, StreamingLoudness
from monitor.dsp.mel import StreamingLogMel
from monitor.dsp.streaming import Streaming, as_samples
from monitor.types import (
    FRAME_GRID,
    LOUDNESS_STEP,
    MEL_STEP,
    RATE_HZ,
    TRAINING_FULL_SCALE_PA,
    Float32Array,
    LevelFrame,
    LoudnessFrames,
    MelFrames,
    readonly,
)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What a chunk completed; any of it may be empty."""

    levels: list[LevelFrame]
    loudness: LoudnessFrames
    mel: MelFrames


@dataclass(slots=True)
class HearingState:
    """Moving state of Hearing: absolute samples of the next value of each kind."""

    next_loudness: int
    next_mel: int


class Hearing(Streaming[HearingState]):
    """Levels, ISO 532-1 loudness and log-mel of calibrated pressure at 48 kHz; chunks of about 100 ms are cheapest.

    field: "free" or "diffuse", for the loudness. Pressure is brought to the network's training scale here (1.0 is
    2.835798 Pa). After a gap call `reset(start_sample)` with a start on the FRAME_GRID (250 ms), which keeps all
    frames aligned.
    """

    def __init__(self, field: Field = "free", start_sample: int = 0) -> None:
        self._meter = LevelMeter()
        self._loudness = StreamingLoudness(field=field)
        self._mel = StreamingLogMel(RATE_HZ)
        self._parts = {"meter": self._meter, "loudness": self._loudness, "mel": self._mel}
        self.reset(start_sample)

    def _fresh(self) -> HearingState:
        return HearingState(next_loudness=0, next_mel=0)

    def reset(self, start_sample: int = 0) -> None:
        """Forget everything heard; the next sample is start_sample, a multiple of FRAME_GRID (ValueError otherwise)."""
        if start_sample % FRAME_GRID:
            raise ValueError(f"start_sample: expected a multiple of {FRAME_GRID} (250 ms), received {start_sample}")
        super().reset()
        self._meter.reset(start_sample)
        self._state = HearingState(next_loudness=start_sample, next_mel=start_sample)

    def process(self, pressure_pa: ArrayLike, n_clipped: int = 0) -> Heard:
        """Take pressure, Pa, shape (n,), with n_clipped samples at full scale; non-finite values are refused."""
        samples = as_samples(pressure_pa)
        levels = self._meter.advance(samples, n_clipped)
        values, _ = self._loudness.advance(samples)
        loudness = LoudnessFrames(start_sample=self._state.next_loudness, n_sone=readonly(values))
        self._state.next_loudness += LOUDNESS_STEP * len(values)
        return Heard(levels, loudness, self._mel_frames(self._mel.advance(samples / TRAINING_FULL_SCALE_PA)))

    def flush(self) -> Heard:
        """Return the mel frames at the end of the sound; call `reset` before more sound."""
        frames = self._mel_frames(self._mel.flush())
        return Heard([], LoudnessFrames(self._state.next_loudness, readonly(np.zeros(0))), frames)

    def _mel_frames(self, log_mel: Float32Array) -> MelFrames:
        frames = MelFrames(start_sample=self._state.next_mel, log_mel=readonly(log_mel))
        self._state.next_mel += MEL_STEP * len(log_mel)
        return frames
