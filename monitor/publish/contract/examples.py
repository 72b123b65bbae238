"""One example of each message, as the documents show it; no real place and no real day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.publish.contract.messages import (
    KINDS,
    Envelope,
    Identity,
    Message,
    iso_interval,
    message_id,
    schema_uris,
    span,
)
from monitor.publish.contract.payloads import Digest, Location, Meta, Status
from monitor.records import (
    Affect,
    Alert,
    Caption,
    DayLevels,
    DaySummary,
    EventActivity,
    Fact,
    GapRecord,
    Levels,
    Loudness,
    MinuteSummary,
    PeriodSummary,
    Quality,
    Record,
    Scene,
    SoundEvent,
    TracePoint,
)
from monitor.snapshot import Health, Snapshot
from monitor.types import EVENTS, PAQ, SCENES, THIRD_OCTAVES_HZ

_START = datetime(2026, 5, 1, 10, tzinfo=UTC)
_IDENTITY = Identity(site="demo", node="node1", session="20260501T095500Z-1a2b3c4d")
_QUALITY = Quality(calibrated=True, level_reference="calibrated", coverage=1.0, clipped_pct=0.0)
_BIRD = SoundEvent(
    label="Bird",
    onset=_START + timedelta(seconds=12),
    offset=_START + timedelta(seconds=31),
    peak_prob=0.94,
    LAFmax=58.3,
)
_CAPTION = Caption(
    start=_START,
    end=_START + timedelta(minutes=5),
    headline="Calm park with birdsong",
    text="A calm and pleasant park. Birds were heard most of the time, with distant traffic underneath.",
    source="template",
    facts_id="3f2c9a10",
    facts=[Fact(id="level", topic="level", text="LAeq was 51.8 dB", value=51.8, unit="dB")],
)


def _interval(minutes: int) -> dict[str, Any]:
    paq = (3.9, 2.8, 2.0, 3.1, 2.9, 3.8, 1.9, 2.1)
    return {
        "start": _START,
        "duration_s": 60.0 * minutes,
        "levels": Levels(
            LAeq=51.8, LCeq=60.2, LZeq=63.0, LAE=69.6, LAFmax=63.1, LAFmin=43.9, LASmax=60.4, LCpeak=81.5,
            L5=56.2, L10=54.9, L50=49.7, L90=45.6, L95=44.8,
            bands_Leq={f"{f:g}": round(46 - 0.6 * i, 1) for i, f in enumerate(THIRD_OCTAVES_HZ)},
        ),
        "loudness": Loudness(N5=6.4, N10=5.8, N50=4.3, N90=3.1, N_mean=4.4, N_max=9.2),
        "scene": Scene(label="park", prob=dict(zip(SCENES, (0.14, 0.71, 0.15), strict=True)), share={"park": 1.0}),
        "events": {
            label: EventActivity(mean=0.62, max=0.94, active=0.7)
            if label == "Bird"
            else EventActivity(mean=0.05, max=0.2, active=0.0)
            for label in EVENTS
        },
        "affect": Affect(isop=0.42, isoe=-0.05, isop_sd=0.06, isoe_sd=0.05, paq=dict(zip(PAQ, paq, strict=True))),
        "quality": _QUALITY,
        "model_id": "soundeqnet-1",
    }  # fmt: skip


def _day() -> DaySummary:
    levels = DayLevels(
        date="2026-05-01", time_zone="UTC", Lday=52.6, Levening=49.8, Lnight=43.1, Lden=53.4, coverage=0.998,
        partial=False,
    )  # fmt: skip
    fields = _interval(1440) | {"start": _START.replace(hour=0)}
    return DaySummary(**fields, day=levels)


def _records() -> dict[str, Record]:
    minute, health = MinuteSummary(**_interval(1)), Health(state="ok", capture="ok", broker="connected", uptime_s=300)
    trace = [TracePoint(start=_START, LAeq=51.8, N5=6.4, isop=0.42, isoe=-0.05, scene="park")]
    snapshot = Snapshot(
        at=_START, site="demo", node="node1", LAF=50.4, LAS=50.9, LAeq_1s=50.6, LAeq_60s=51.8, LAFmax_60s=63.1,
        L90_60s=45.6, bands=[40.0] * len(THIRD_OCTAVES_HZ), N=4.4, N5_60s=6.4, scene=minute.scene,
        events={"Bird": 0.91}, active={"Bird": 19.0}, affect=minute.affect, prediction_partial=False,
        quality=_QUALITY, health=health,
    )  # fmt: skip
    return {
        "status": Status(state="online", since=_START, reason="connected"),
        "meta": Meta(
            software="soundscape-monitor",
            place="Demo park",
            place_kind="park",
            location=Location(latitude=52.1, longitude=4.3, decimals=1),
            calibrated=True,
            level_reference="calibrated",
            calibrated_at=_START - timedelta(days=30),
            microphone="USB microphone, serial 0001",
            model_id="soundeqnet-1",
            schemas=schema_uris(),
        ),
        "health": health,
        "minute": minute,
        "period": PeriodSummary(**_interval(5), sound_events=[_BIRD], trace=trace),
        "event": _BIRD,
        "caption": _CAPTION,
        "digest": Digest(summary=_day(), caption=_CAPTION),
        "alert": Alert(
            rule="night-noise", state="raised", at=_START, value=66.2, threshold=65.0, unit="dB",
            text="LAeq was 66.2 dB, above 65 dB, for 5 min",
        ),
        "gap": GapRecord(start=_START, duration_s=1.25, cause="overrun"),
        "snapshot": snapshot,
    }  # fmt: skip


def examples() -> dict[str, Message]:
    """Return an example of each message by the last part of its topic."""
    found: dict[str, Message] = {}
    for number, (name, record) in enumerate(_records().items(), start=1):
        model = next(model for kind, model in KINDS.items() if kind.rpartition("/")[2] == name)
        fields = _IDENTITY.model_dump() | {"resultTime": _START + timedelta(minutes=5, seconds=1), "result": record}
        if issubclass(model, Envelope):
            fields |= {
                "mid": message_id(_IDENTITY, number),
                "seq": number,
                "phenomenonTime": iso_interval(*span(record)),  # type: ignore[arg-type]
                "late": False,
                "quality": _QUALITY if name not in ("alert", "gap") else None,
            }
        found[name] = model.model_validate(fields)
    return found
