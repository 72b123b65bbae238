"""The one configuration tree: every key with its unit, its default and its meaning; frozen, unknown keys refused.

A package takes the table that concerns it; `monitor.app.config` reads files and the environment. Secrets are never
values here: a key names the file that holds one, or it comes from the environment.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.types import EVENTS, TRAINING_FULL_SCALE_PA

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Table(BaseModel):
    """Base of all tables."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class NodeSettings(Table):
    """Who and where the node is."""

    site: Name = Field("demo", description="site, a level of the MQTT topic")
    name: Name = Field("node1", description="node, a level of the MQTT topic; unique within the site")
    place: str | None = Field(None, max_length=80, description="name of the place, as told in captions")
    place_kind: str | None = Field(
        None, max_length=40, description="kind of place, as told in captions: park, street, ..."
    )
    time_zone: str = Field("UTC", description="IANA time zone of local days and captions")
    latitude: float | None = Field(None, ge=-90, le=90, description="degrees, WGS 84")
    longitude: float | None = Field(None, ge=-180, le=180, description="degrees, WGS 84")
    location_decimals: int = Field(5, ge=0, le=6, description="decimals of the published location; 2 is about 1 km")


class AudioSettings(Table):
    """The microphone."""

    device: str | None = Field(None, description="part of the input device's name; default: the system's default input")
    rate_hz: int | None = Field(
        None, ge=8000, le=192000, description="capture rate, Hz; default: 48000, else the device's own"
    )
    channel: Annotated[int, Field(ge=0)] | Literal["mean"] = Field(
        0, description="channel to listen to, from 0, or the mean of all"
    )
    ring_s: float = Field(60.0, ge=5, le=600, description="ring buffer, s")
    stall_s: float = Field(2.0, ge=0.5, description="silence of the driver after which the device is reopened, s")
    first_frame_s: float = Field(3.0, ge=0.5, description="time a device may take to deliver its first sound, s")
    hang_s: float = Field(30.0, ge=5, description="an audio call that takes longer ends the process, s")


class CalibrationSettings(Table):
    """From sample values to pressure. At most one of the two; a stored calibration of the device comes first."""

    full_scale_pa: float | None = Field(None, gt=0, description="pressure at sample value 1.0, Pa")
    sensitivity_dbfs_rms_at_94_db: float | None = Field(
        None, lt=0, description="level that 94 dB gives, dBFS rms (a full-scale sine is -3.01)"
    )
    assumed_full_scale_pa: float = Field(TRAINING_FULL_SCALE_PA, gt=0, description="used when uncalibrated, Pa")
    floor_dba: float = Field(
        20.0, description="below it a level is under range, dB(A); set it to the microphone's self-noise"
    )
    overload_db: float | None = Field(
        None, description="peak level at which the microphone overloads, dB; default: full scale"
    )
    field: Literal["free", "diffuse"] = Field("free", description="sound field for ISO 532-1")

    @model_validator(mode="after")
    def _one_way(self) -> "CalibrationSettings":
        if self.full_scale_pa is not None and self.sensitivity_dbfs_rms_at_94_db is not None:
            raise ValueError("give full_scale_pa or sensitivity_dbfs_rms_at_94_db, not both")
        return self


class ModelSettings(Table):
    """The network."""

    bundle: Path | None = Field(None, description="folder of a model bundle; default: the one that ships")
    hop_s: float = Field(2.0, ge=0.08, le=10, description="time between predictions, s; a multiple of 0.08")
    adapt_hop: bool = Field(True, description="lengthen the hop when the processor cannot keep up")

    @model_validator(mode="after")
    def _on_grid(self) -> "ModelSettings":
        if abs(self.hop_s / 0.08 - round(self.hop_s / 0.08)) > 1e-9:
            raise ValueError(f"hop_s = {self.hop_s} is not a multiple of 0.08 s")
        return self


class AggregateSettings(Table):
    """Minutes, reporting periods, days."""

    period_min: int = Field(5, ge=1, le=60, description="reporting period, min; divides an hour")
    day_start: time = Field(time(7), description="local start of the day in Lden")
    evening_start: time = Field(time(19), description="local start of the evening in Lden")
    night_start: time = Field(time(23), description="local start of the night in Lden")
    event_min_s: float = Field(2.0, ge=0, description="shortest event that is told, s")
    event_merge_s: float = Field(4.0, ge=0, description="pauses up to this length do not end an event, s")
    history_days: int = Field(400, ge=1, description="history kept, days")
    history_mb: int = Field(512, ge=16, description="history kept at most, MB")

    @model_validator(mode="after")
    def _divides(self) -> "AggregateSettings":
        if 60 % self.period_min:
            raise ValueError(f"period_min = {self.period_min} does not divide an hour")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> "AggregateSettings":
        day, evening, night = (
            start.hour * 60 + start.minute for start in (self.day_start, self.evening_start, self.night_start)
        )
        if not (evening - day) % 1440 <= (night - day) % 1440 > 0:
            raise ValueError("day_start, evening_start and night_start must follow each other in this order")
        return self


class LlmSettings(Table):
    """The language model; used only when `model` is set."""

    model: str | None = Field(None, description="name of the model; unset: template captions")
    base_url: str | None = Field(None, description="any OpenAI-compatible server; default: the openai package's own")
    api_key_file: Path | None = Field(None, description="file with the key; default: OPENAI_API_KEY in the environment")
    deadline_s: float = Field(30.0, ge=1, le=240, description="time for a caption, retries included, s")
    max_tokens: int = Field(300, ge=50, le=8000, description="length of an answer and its thoughts, tokens")
    temperature: float | None = Field(0.3, ge=0, le=2, description="sampling temperature; unset: the server's own")
    tokens_per_day: int = Field(200_000, ge=0, description="budget, tokens a UTC day; 0: no limit")
    price_per_mtok_in: float | None = Field(None, ge=0, description="price, per million tokens in, any currency")
    price_per_mtok_out: float | None = Field(None, ge=0, description="price, per million tokens out, any currency")


class NarrateSettings(Table):
    """Words."""

    language: str = Field("en", pattern=r"^[a-z]{2}$", description="language of captions: en and nl by template")
    digest: bool = Field(True, description="write a narrative of each day")
    llm: LlmSettings = LlmSettings()


class MqttSettings(Table):
    """The broker."""

    url: str | None = Field(None, description="mqtt://host:1883 or mqtts://host:8883; unset: the embedded demo broker")
    username: str | None = Field(None, description="the node's own credential")
    password_file: Path | None = Field(None, description="file with the password; or MQTT_PASSWORD in the environment")
    ca_file: Path | None = Field(None, description="certificate authority; default: the system's")
    cert_file: Path | None = Field(None, description="client certificate")
    key_file: Path | None = Field(None, description="client key")
    insecure_skip_verify: bool = Field(
        False, description="accept any certificate; shown as degraded wherever health is shown"
    )
    protocol: Literal["auto", "5", "3.1.1"] = Field("auto", description="MQTT version")
    keepalive_s: int = Field(30, ge=5, le=600, description="keepalive, s")
    live: Literal["auto", "on", "off"] = Field("auto", description="1 Hz snapshots; auto: only to a loopback broker")
    discovery: bool = Field(False, description="announce the node to Home Assistant")
    discovery_prefix: str = Field("homeassistant", description="topic prefix of Home Assistant")
    outbox_mb: int = Field(64, ge=1, description="outbox kept at most, MB")
    outbox_days: int = Field(30, ge=1, description="outbox kept, days")
    max_in_flight: int = Field(20, ge=1, le=100, description="unacknowledged messages at a time")
    rate_per_s: float = Field(200.0, gt=0, description="pace of a backlog, messages per s")


class AlertRule(Table):
    """A level or an event that someone wants to know of."""

    name: Name
    quantity: Literal["LAeq", "LAFmax", "LCpeak", "L90", "N5", "event"] = "LAeq"
    event: str | None = Field(None, description="event label, for quantity = event")
    above: float = Field(description="threshold: dB, sone, or probability")
    for_min: int = Field(1, ge=1, le=1440, description="how long it must last, min")
    from_time: time = Field(time(0), description="local time the rule begins to hold")
    to_time: time = Field(time(0), description="local time it ceases to hold; equal to from_time: always")
    cooldown_min: int = Field(15, ge=0, description="quiet time after it cleared, min")

    @model_validator(mode="after")
    def _event(self) -> "AlertRule":
        if (self.quantity == "event") != (self.event is not None):
            raise ValueError(f"rule {self.name}: 'event' goes with quantity = \"event\", and only with it")
        if self.event is not None and self.event not in EVENTS:
            raise ValueError(f"rule {self.name}: unknown event {self.event!r}; known: {', '.join(EVENTS)}")
        return self


class AlertSettings(Table):
    """Alerts, to MQTT and to a webhook."""

    rules: tuple[AlertRule, ...] = ()
    webhook: str | None = Field(None, pattern=r"^https?://", description="alerts are posted here as JSON")
    webhook_token_file: Path | None = Field(None, description="file with a bearer token for the webhook")

    @model_validator(mode="after")
    def _told_apart(self) -> "AlertSettings":
        names = [rule.name for rule in self.rules]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two rules are called {twice}: an alert is known by the name of its rule")
        return self


class ReportSettings(Table):
    """Reports, and what may be read on loopback."""

    calm_max_laeq_db: float = Field(50.0, description="a calm hour is quieter than this, dB(A)")
    limit_laeq_db: float | None = Field(None, description="limit shown in reports, dB(A)")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Prometheus text on loopback; unset: no listener"
    )


class Settings(Table):
    """The whole tree."""

    node: NodeSettings = NodeSettings()
    audio: AudioSettings = AudioSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    model: ModelSettings = ModelSettings()
    aggregate: AggregateSettings = AggregateSettings()
    narrate: NarrateSettings = NarrateSettings()
    mqtt: MqttSettings = MqttSettings()
    alerts: AlertSettings = AlertSettings()
    report: ReportSettings = ReportSettings()

    @model_validator(mode="after")
    def _captions_keep_pace(self) -> "Settings":
        """A question that outlasts a period would let the next ones pile up."""
        period_s, deadline_s = 60 * self.aggregate.period_min, self.narrate.llm.deadline_s
        if deadline_s > period_s:
            raise ValueError(f"narrate.llm.deadline_s = {deadline_s:g} is longer than a reporting period, {period_s} s")
        return self
