"""The state of the node now: its health, and the snapshot that the live view draws."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from monitor.records import Affect, ClockQuality, Quality, Record, Scene


class Health(Record):
    """What the node thinks of itself."""

    state: Literal["ok", "degraded", "failing"]
    reasons: list[str] = Field(default_factory=list)
    capture: str = "starting"
    calibration: str = "uncalibrated"
    clock: ClockQuality = "unsynchronised"
    uptime_s: float = 0
    gaps: int = 0
    gap_s: float = 0
    drops: int = Field(0, description="inference windows left out to keep up")
    hop_s: float = 2.0
    inference_lag_s: float | None = None
    queues: dict[str, int] = Field(default_factory=dict)
    outbox: int = 0
    broker: str = "off"
    llm: str = "off"
    captions_rejected: int = 0
    disk_free_mb: float | None = None
    rss_mb: float | None = None
    cpu_pct: float | None = None
    bytes_written_day: int = 0
    bytes_sent_day: int = 0


class Snapshot(Record):
    """Everything the live view draws, once a second; also the payload of live/snapshot."""

    at: AwareDatetime
    site: str
    node: str
    LAF: float | None
    LAS: float | None
    LAeq_1s: float | None
    LAeq_60s: float | None
    LAFmax_60s: float | None
    L90_60s: float | None
    bands: list[float | None] = Field(default_factory=list, description="31 third-octave levels of the last second, dB")
    N: float | None = Field(description="loudness now, sone")
    N5_60s: float | None
    scene: Scene
    events: dict[str, float] = Field(description="short-window probability by event")
    active: dict[str, float] = Field(default_factory=dict, description="seconds each active event has lasted")
    affect: Affect
    prediction_partial: bool = True
    quality: Quality
    health: Health
    caption_headline: str | None = None
    caption_text: str | None = None
    caption_at: datetime | None = None
    caption_source: str | None = None
