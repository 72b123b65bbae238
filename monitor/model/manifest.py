"""The JSON beside the graphs: what a bundle is, how its numbers are to be read, and how it came about."""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.types import EVENTS, HOP_GRID, PAQ, RATE_HZ, SCENES, TRAINING_FULL_SCALE_PA

FORMAT = 1
MANIFEST = "bundle.json"
WINDOW_S = 30.0
SHORT_S = 4.0
PUBLISHED_THRESHOLDS = (0.4, 0.3, 0.2)
"""Event thresholds of the paper: the first that any event passes."""

GRAPHS = {"incremental": ("trunk.onnx", "head.onnx"), "window": ("window.onnx",)}
"""Graphs of a bundle by engine."""

PerEvent = Annotated[tuple[float, ...], Field(min_length=len(EVENTS), max_length=len(EVENTS))]
PerEventProb = Annotated[
    tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=len(EVENTS), max_length=len(EVENTS))
]
PerScene = Annotated[tuple[float, ...], Field(min_length=len(SCENES), max_length=len(SCENES))]
PerQuality = Annotated[tuple[float, ...], Field(min_length=len(PAQ), max_length=len(PAQ))]


def _all(value: float) -> PerEvent:
    return (value,) * len(EVENTS)


class Part(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scaling(Part):
    """Subtract the mean, divide by the standard deviation, band by band."""

    mean: tuple[float, ...]
    std: tuple[Annotated[float, Field(gt=0)], ...]


class Normalisation(Part):
    """Scaling of the two inputs before the network."""

    log_mel: Scaling
    loudness: Scaling
    source: str = ""
    """Where the numbers come from; "published" for those of the paper's authors."""

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        for name, size in (("log_mel", 64), ("loudness", 1)):
            scaling: Scaling = getattr(self, name)
            if len(scaling.mean) != size or len(scaling.std) != size:
                raise ValueError(f"{name} needs {size} means and deviations")
        return self


class Platt(Part):
    """Probability = sigmoid(scale * logit + bias), per event."""

    scale: PerEvent = _all(1.0)
    bias: PerEvent = _all(0.0)


class Calibration(Part):
    """From the network's logits to probabilities; identity where nothing was fitted."""

    scene_temperature: float = Field(1.0, gt=0)
    scene_bias: PerScene = (0.0,) * len(SCENES)
    """Probability = softmax(logit / temperature + bias)."""
    event: Platt = Platt()
    """For the whole window."""
    event_short: Platt = Platt()
    """For the newest 4 s."""


class Thresholds(Part):
    """Probabilities at which an event counts, order EVENTS."""

    active: PerEventProb = _all(PUBLISHED_THRESHOLDS[0])
    """Whole window: the sound is present."""
    fallback: tuple[float, ...] = PUBLISHED_THRESHOLDS[1:]
    """Tried in turn for all events where none is active; empty for per-event thresholds."""
    short_on: PerEventProb = _all(0.5)
    """Newest 4 s: an event begins."""
    short_off: PerEventProb = _all(0.3)
    """Newest 4 s: an event ends."""

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if any(off > on for on, off in zip(self.short_on, self.short_off, strict=True)):
            raise ValueError("short_off is above short_on")
        return self


class Uncertainty(Part):
    """Standard deviation between single listeners and the prediction, on the scales of the outputs.

    The defaults are the spread of ARAUS listeners that the best published model leaves (root of its mean squared
    error on the test set, 1.027 for the eight qualities).
    """

    isop: float = Field(0.35, gt=0)
    isoe: float = Field(0.32, gt=0)
    paq: PerQuality = (1.01,) * len(PAQ)


class FileRecord(Part):
    """A graph of the bundle."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class Manifest(Part):
    """All of bundle.json."""

    format: int = FORMAT
    id: str
    """Name and the first eight digits of the content's hash; every published output carries it."""
    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]*$")
    version: str = "1"
    network: str
    """Network of the paper."""
    engine: Literal["incremental", "window"]
    """incremental: trunk.onnx and head.onnx; window: window.onnx on the whole window at every hop."""
    precision: str = "float32"
    rate_hz: int = RATE_HZ
    """Rate of the sample indices, Hz."""
    full_scale_pa: float = TRAINING_FULL_SCALE_PA
    """Pressure at sample value 1.0 on the scale of the log-mel, Pa."""
    window_s: float = WINDOW_S
    short_s: float = SHORT_S
    hop_grid_s: float = HOP_GRID / RATE_HZ
    scenes: tuple[str, ...] = SCENES
    events: tuple[str, ...] = EVENTS
    paq: tuple[str, ...] = PAQ
    normalisation: Normalisation
    calibration: Calibration = Calibration()
    thresholds: Thresholds = Thresholds()
    uncertainty: Uncertainty = Uncertainty()
    files: dict[str, FileRecord]
    training: dict[str, Any] = Field(default_factory=dict)
    """Where the weights come from: data, teachers, recipe."""
    metrics: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, known in (("scenes", SCENES), ("events", EVENTS), ("paq", PAQ)):
            if getattr(self, name) != known:
                raise ValueError(f"{name} differ from the {len(known)} this software knows")
        fixed = {"format": FORMAT, "rate_hz": RATE_HZ, "window_s": WINDOW_S, "short_s": SHORT_S}
        for name, ours in fixed.items():
            if getattr(self, name) != ours:
                raise ValueError(f"{name}: {ours} expected, {getattr(self, name)} found")
        wanted = GRAPHS[self.engine]
        if set(self.files) != set(wanted):
            raise ValueError(f"files: {', '.join(wanted)} expected, {', '.join(sorted(self.files))} found")
        return self

    def sealed(self) -> "Manifest":
        """The same manifest under the id that its content gives."""
        content = self.model_dump(mode="json", exclude={"id"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self.model_copy(update={"id": f"{self.name}-{digest[:8]}"})
