"""Records that are stored, published, narrated or drawn: frozen pydantic models, one field one meaning, unit beside it.

Levels are dB re 20 uPa, loudness is sone, times are UTC. A value that is not known is None, and `reason` says why;
there is never a -100 dB for silence.
"""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Reason = Literal["under_range", "no_audio", "no_prediction", "model_unavailable"]
LevelReference = Literal["calibrated", "configured", "assumed"]
ClockQuality = Literal["synchronised", "unsynchronised", "simulated"]


LEAST_COVERAGE = 0.5
"""Share of a stretch of time that must have been heard for it to be compared with others, 0..1."""


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Quality(Record):
    """How far the numbers can be trusted."""

    calibrated: bool
    level_reference: LevelReference
    coverage: float = Field(ge=0, le=1, description="share of the time that was heard, 0..1")
    clipped_pct: float = Field(ge=0, le=100, description="samples at full scale, %")
    overload_pct: float = Field(0, ge=0, le=100, description="125 ms frames with overload, %")
    under_range_pct: float = Field(0, ge=0, le=100, description="125 ms frames below the measuring range, %")
    wind_pct: float = Field(0, ge=0, le=100, description="125 ms frames where wind on the microphone dominates, %")
    clock: ClockQuality = "synchronised"


class Levels(Record):
    """Sound levels of an interval, dB re 20 uPa."""

    LAeq: float | None
    LCeq: float | None
    LZeq: float | None
    LAE: float | None = Field(description="sound exposure level, dB re (20 uPa)^2 s")
    LAFmax: float | None
    LAFmin: float | None
    LASmax: float | None
    LCpeak: float | None
    L5: float | None = Field(description="LAF exceeded 5 % of the time")
    L10: float | None
    L50: float | None
    L90: float | None
    L95: float | None
    bands_Leq: dict[str, float | None] = Field(
        default_factory=dict, description="third-octave LZeq by nominal midband frequency in Hz"
    )
    reason: Reason | None = None


class Loudness(Record):
    """ISO 532-1 loudness of an interval, sone; N5 is exceeded 5 % of the time."""

    N5: float | None
    N10: float | None
    N50: float | None
    N90: float | None
    N_mean: float | None
    N_max: float | None
    reason: Reason | None = None


class Scene(Record):
    """Acoustic scene of an interval."""

    label: str | None
    prob: dict[str, float] = Field(description="mean probability by scene")
    share: dict[str, float] = Field(default_factory=dict, description="share of time each scene was the likeliest")
    reason: Reason | None = None


class EventActivity(Record):
    """How present a kind of sound was."""

    mean: float = Field(ge=0, le=1, description="mean probability")
    max: float = Field(ge=0, le=1, description="largest probability")
    active: float = Field(ge=0, le=1, description="share of the heard time during which the sound was active")


class Affect(Record):
    """Perceived affective quality after ISO/TS 12913-3; spreads are standard deviations over time."""

    isop: float | None = Field(description="ISO pleasantness, -1..1")
    isoe: float | None = Field(description="ISO eventfulness, -1..1")
    isop_sd: float | None = None
    isoe_sd: float | None = None
    isop_uncertainty: float | None = Field(None, description="standard deviation between listeners, -1..1 scale")
    isoe_uncertainty: float | None = Field(None, description="standard deviation between listeners, -1..1 scale")
    paq: dict[str, float] = Field(default_factory=dict, description="eight perceived affective qualities, 1..5")
    paq_sd: dict[str, float] = Field(default_factory=dict)
    reason: Reason | None = None


class SoundEvent(Record):
    """A sound with a beginning and an end, found by hysteresis on the short-window probabilities."""

    label: str
    onset: AwareDatetime
    offset: AwareDatetime
    peak_prob: float = Field(ge=0, le=1)
    LAFmax: float | None = Field(None, description="largest LAF during the event, dB")


class Interval(Record):
    """What a stretch of time sounded like."""

    start: AwareDatetime
    duration_s: float
    levels: Levels
    loudness: Loudness
    scene: Scene
    events: dict[str, EventActivity] = Field(description="by event label")
    affect: Affect
    quality: Quality
    model_id: str | None


class MinuteSummary(Interval):
    """One UTC minute."""

    kind: Literal["minute"] = "minute"


class TracePoint(Record):
    """One minute inside a period, as far as a narrator or a plot needs it."""

    start: AwareDatetime
    LAeq: float | None
    N5: float | None
    isop: float | None
    isoe: float | None
    scene: str | None


class PeriodSummary(Interval):
    """A reporting period (5 min by default): the merge of its minutes."""

    kind: Literal["period"] = "period"
    sound_events: list[SoundEvent] = Field(default_factory=list, description="events that ended in the period")
    trace: list[TracePoint] = Field(default_factory=list, description="the minutes of the period")


class Usual(Record):
    """What a node's own periods at this local hour were like: the measure for "louder than usual"."""

    local_hour: int = Field(ge=0, le=23)
    n_days: int = Field(ge=0, description="days that the figures rest on")
    LAeq_median: float | None = Field(description="median of the periods' LAeq, dB")
    LAeq_p10: float | None = Field(None, description="10th percentile, dB")
    LAeq_p90: float | None = Field(None, description="90th percentile, dB")
    N5_median: float | None = Field(None, description="median of the periods' N5, sone")


class DayLevels(Record):
    """Long-term levels of a local day (Directive 2002/49/EC, Annex I), dB."""

    date: str = Field(description="local date, YYYY-MM-DD")
    time_zone: str
    Lday: float | None
    Levening: float | None
    Lnight: float | None
    Lden: float | None
    coverage: float = Field(ge=0, le=1)
    partial: bool = Field(description="True when any part of the day lacks data")


class DaySummary(Interval):
    """A local day: the merge of its minutes."""

    kind: Literal["day"] = "day"
    day: DayLevels
    sound_events: list[SoundEvent] = Field(default_factory=list)


class Fact(Record):
    """One statement a caption may rest on."""

    id: str
    topic: str
    text: str
    value: float | str | None = None
    unit: str | None = None


class Caption(Record):
    """Words about a period, and what they rest on."""

    start: AwareDatetime
    end: AwareDatetime
    headline: str = Field(max_length=120)
    text: str
    language: str = "en"
    source: Literal["llm", "template"]
    model: str | None = Field(None, description="language model, null for the template")
    prompt_version: str | None = None
    checked: Literal["full", "figures"] = "full"
    facts_id: str = Field(description="hash of the facts")
    facts: list[Fact] = Field(default_factory=list)
    rejections: int = Field(0, description="answers refused by the check before this one")


class Alert(Record):
    """A rule of the operator's that came true, or ended."""

    rule: str
    state: Literal["raised", "cleared"]
    at: AwareDatetime
    value: float | None
    threshold: float
    unit: str
    text: str


class GapRecord(Record):
    """Audio that was not heard."""

    start: AwareDatetime
    duration_s: float
    cause: str
