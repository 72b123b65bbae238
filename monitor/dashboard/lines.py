"""One plain line for each thing worth telling: for runs without a terminal, and for watching messages go by."""

from datetime import datetime

from monitor.dashboard.figures import duration, feeling, label, number, percent, signed
from monitor.records import (
    Affect,
    Alert,
    Caption,
    DaySummary,
    EventActivity,
    GapRecord,
    MinuteSummary,
    PeriodSummary,
    Quality,
    Record,
    SoundEvent,
)
from monitor.snapshot import Health, Snapshot

ACTIVE_SHARE = 0.2
"""A sound that was active for less of an interval is not told."""


def line(snapshot: Snapshot) -> str:
    """Return the state of the node now as one line of plain text."""
    heard = sorted(snapshot.active, key=lambda name: -snapshot.events.get(name, 0.0))
    parts = [
        f"{_time(snapshot.at)} {snapshot.site}/{snapshot.node}",
        f"LAF {number(snapshot.LAF)} LAeq,60s {number(snapshot.LAeq_60s)} L90 {number(snapshot.L90_60s)} dB(A)"
        + _reference(snapshot.quality),
        f"{number(snapshot.N)} sone",
        _scene(snapshot.scene.label, snapshot.scene.prob) + (" (partial)" if snapshot.prediction_partial else ""),
        ", ".join(f"{label(name)} {duration(snapshot.active[name])}" for name in heard[:4]) or "no sound stands out",
        _affect(snapshot.affect),
        _health(snapshot.health),
    ]
    return _plain(" | ".join(parts))


def tell(record: Record) -> str:
    """Return any record that is published as one line of plain text; a record of an unknown kind as its JSON."""
    if isinstance(record, MinuteSummary | PeriodSummary | DaySummary):
        text = _interval(record)
    elif isinstance(record, Caption):
        text = f"{_time(record.end)} caption ({record.source}) {record.headline}: {record.text}"
    elif isinstance(record, SoundEvent):
        lasted = duration((record.offset - record.onset).total_seconds())
        loudest = "" if record.LAFmax is None else f", LAFmax {record.LAFmax:.1f} dB"
        text = f"{_time(record.onset)} event {label(record.label)} for {lasted}, p {record.peak_prob:.2f}{loudest}"
    elif isinstance(record, Alert):
        value = f"{number(record.value)} {record.unit} against {record.threshold:g} {record.unit}"
        text = f"{_time(record.at)} ALERT {record.state} {record.rule}: {record.text} ({value})"
    elif isinstance(record, GapRecord):
        text = f"{_time(record.start)} gap of {duration(record.duration_s)}: {label(record.cause)}"
    elif isinstance(record, Snapshot):
        text = line(record)
    elif isinstance(record, Health):
        text = f"health {_health(record)}, up {duration(record.uptime_s)}"
    else:
        text = record.model_dump_json()
    return _plain(text)


def _interval(record: MinuteSummary | PeriodSummary | DaySummary) -> str:
    levels, loudness = record.levels, record.loudness
    parts = [
        f"{_time(record.start)} {record.kind}",
        f"LAeq {number(levels.LAeq)} LAFmax {number(levels.LAFmax)} L90 {number(levels.L90)} dB(A)"
        + _reference(record.quality),
        f"N5 {number(loudness.N5)} sone",
        _scene(record.scene.label, record.scene.prob),
        _sounds(record.events),
        _affect(record.affect),
    ]
    if isinstance(record, DaySummary):
        parts.insert(2, f"Lden {number(record.day.Lden)} dB" + (" (partial day)" if record.day.partial else ""))
    if record.quality.coverage < 1:
        parts.append(f"heard {percent(record.quality.coverage)}")
    return " | ".join(parts)


def _sounds(events: dict[str, EventActivity]) -> str:
    heard = [(name, activity.active) for name, activity in events.items() if activity.active >= ACTIVE_SHARE]
    heard.sort(key=lambda item: -item[1])
    return ", ".join(f"{label(name)} {percent(share)}" for name, share in heard[:4]) or "no sound stands out"


def _scene(name: str | None, prob: dict[str, float]) -> str:
    return "no scene" if name is None else f"{label(name)} {percent(prob.get(name))}"


def _affect(affect: Affect) -> str:
    word = feeling(affect.isop, affect.isoe)
    if word is None:
        return "no affect"
    spread = (affect.isop_uncertainty, affect.isoe_uncertainty)
    unsure = ["" if sd is None else f"±{sd:.2f}" for sd in spread]
    return f"pleasant {signed(affect.isop)}{unsure[0]} eventful {signed(affect.isoe)}{unsure[1]} ({word})"


def _reference(quality: Quality) -> str:
    return "" if quality.calibrated else " UNCALIBRATED"


def _health(health: Health) -> str:
    return health.state + (f" ({'; '.join(health.reasons)})" if health.reasons else "")


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time.utcoffset() is not None and not time.utcoffset() else time.isoformat()


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
