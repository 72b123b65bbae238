"""Records that cross floors on the hot path: frozen, slotted, arrays read-only, units in the names.

Time is an absolute index of samples at 48 kHz since the start of capture; `monitor.clock` alone turns it into UTC.
Records that are stored, published or drawn live in `monitor.records`.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
"""The one rate inside, Hz."""
FRAME_GRID = 12_000
"""Samples (250 ms): audio restarts on this grid after a gap, so that 125 ms, 10 ms and 2 ms frames stay aligned."""
LEVEL_FRAME = 6_000
"""Samples in a LevelFrame (125 ms)."""
LOUDNESS_STEP = 96
"""Samples between values of N(t) (2 ms)."""
MEL_STEP = 480
"""Samples at 48 kHz between log-mel frames (10 ms)."""
HOP_GRID = 3_840
"""Samples (80 ms): the model's hop is a multiple of it."""

TRAINING_FULL_SCALE_PA = 2.835798
"""Pressure at sample value 1.0 on the network's training scale, Pa; also assumed for an uncalibrated node."""
P0_PA = 20e-6
"""Reference sound pressure, Pa."""

SCENES = ("public_square", "park", "street_traffic")
EVENTS = (
    "Silence",
    "Human sounds",
    "Wind",
    "Water",
    "Natural sounds",
    "Traffic",
    "Sounds of things",
    "Vehicle",
    "Bird",
    "Outside, rural or natural",
    "Environment and background",
    "Speech",
    "Music",
    "Noise",
    "Animal",
)
PAQ = ("pleasant", "eventful", "chaotic", "vibrant", "uneventful", "calm", "annoying", "monotonous")
"""Perceived affective qualities, 1 to 5, in the order of the network's heads."""

THIRD_OCTAVES_HZ = (
    20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600,
    2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000, 20000,
)  # fmt: skip
"""Nominal midband frequencies, IEC 61260-1, 31 bands."""

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


def readonly(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return the array with writing switched off."""
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """Contiguous sound at 48 kHz, one channel."""

    start_sample: int
    pressure_pa: FloatArray
    """Shape (n,), Pa on the calibrated (or assumed) scale."""
    n_clipped: int = 0
    """Samples of this block, of 48,000 a second, that were at or beyond full scale before resampling."""

    @property
    def end_sample(self) -> int:
        """First sample after the block."""
        return self.start_sample + len(self.pressure_pa)


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing audio: never filled in; stateful processing restarts after it."""

    start_sample: int
    n_samples: int
    cause: str
    """overrun | stall | vanished | suspended | no_first_frame | non_finite | alignment | reopened | source_error"""

    @property
    def end_sample(self) -> int:
        """First sample after the gap."""
        return self.start_sample + self.n_samples


@dataclass(frozen=True, slots=True, eq=False)
class LevelFrame:
    """Levels of 125 ms (6,000 samples). Mean squares are in Pa^2, so that frames add up to any longer time."""

    start_sample: int
    a_ms_pa2: float
    c_ms_pa2: float
    z_ms_pa2: float
    c_peak_pa: float
    """Largest |C-weighted pressure| in the frame."""
    laf_pa2: float
    """A-weighted, F time-weighted mean square at the end of the frame (the value Ln are taken from)."""
    laf_max_pa2: float
    laf_min_pa2: float
    las_pa2: float
    las_max_pa2: float
    bands_ms_pa2: FloatArray
    """Shape (31,), third-octave mean squares in the order of THIRD_OCTAVES_HZ, Pa^2."""
    peak_pa: float = 0.0
    """Largest |pressure| before weighting: overload is judged from it."""
    n_clipped: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LoudnessFrames:
    """N(t) by ISO 532-1 (time-varying), one value every 2 ms; value k belongs to sample start_sample + 96 k."""

    start_sample: int
    n_sone: FloatArray
    """Shape (m,), sone."""


@dataclass(frozen=True, slots=True, eq=False)
class MelFrames:
    """Log-mel every 10 ms on the network's training scale (16 kHz, 64 bands); frame k at start_sample + 480 k."""

    start_sample: int
    log_mel: Float32Array
    """Shape (m, 64), dB re 1.0 on the training scale."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowPrediction:
    """What the network says of the window [start_sample, start_sample + n_samples)."""

    start_sample: int
    n_samples: int
    scene_prob: FloatArray
    """Shape (3,), order SCENES, sums to 1."""
    event_prob: FloatArray
    """Shape (15,), order EVENTS, calibrated, whole window."""
    event_prob_short: FloatArray
    """Shape (15,), the newest 4 s, for onsets and offsets."""
    isop: float
    """ISO pleasantness, -1..1."""
    isoe: float
    """ISO eventfulness, -1..1."""
    paq: FloatArray
    """Shape (8,), order PAQ, clamped to 1..5."""
    partial: bool
    """True until a full window has been heard since the start or the last gap."""
    model_id: str

    @property
    def end_sample(self) -> int:
        """First sample after the window: the prediction speaks of the sound up to here."""
        return self.start_sample + self.n_samples
