"""A message in one line, for people."""

from monitor.publish.contract.messages import (
    AlertMessage,
    CaptionMessage,
    DigestMessage,
    Envelope,
    EventMessage,
    GapMessage,
    HealthMessage,
    Message,
    MetaMessage,
    MinuteMessage,
    PeriodMessage,
    SnapshotMessage,
    StatusMessage,
)
from monitor.publish.contract.payloads import Digest
from monitor.records import Interval


def line(message: Message) -> str:
    """Return what a message says, in one line; unknown values are shown as a dash."""
    match message:
        case MinuteMessage() | PeriodMessage():
            return f"{_span(message)}  {_interval(message.result)}{_doubts(message)}"
        case EventMessage(result=event):
            seconds = (event.offset - event.onset).total_seconds()
            return f"{event.label} for {seconds:.0f} s from {event.onset:%H:%M:%S} UTC, at most {event.peak_prob:.0%}"
        case CaptionMessage(result=caption):
            return f"{caption.headline}: {caption.text}"
        case DigestMessage(result=digest):
            return _digest(digest)
        case AlertMessage(result=alert):
            return f"{alert.rule} {alert.state}: {alert.text}"
        case GapMessage(result=gap):
            return f"{gap.duration_s:.1f} s not heard from {gap.start:%H:%M:%S} UTC: {gap.cause}"
        case StatusMessage(result=status):
            return f"{status.state} ({status.reason}), session {message.session}"
        case MetaMessage(result=meta):
            calibration = "calibrated" if meta.calibrated else f"uncalibrated, level {meta.level_reference}"
            return f"{meta.place or 'no place'}, {calibration}, model {meta.model_id or '-'}, {meta.software}"
        case HealthMessage(result=health):
            return f"{health.state}{': ' + '; '.join(health.reasons) if health.reasons else ''}, outbox {health.outbox}"
        case SnapshotMessage(result=now):
            heard = ", ".join(now.active) or "-"
            return f"LAF {_number(now.LAF)} dB  N {_number(now.N)} sone  {now.scene.label or '-'}  {heard}"
    return message.schema_


def _interval(result: Interval) -> str:
    levels, affect = result.levels, result.affect
    active = sorted(result.events.items(), key=lambda item: -item[1].active)
    heard = ", ".join(label for label, activity in active[:3] if activity.active > 0.05)
    return (
        f"LAeq {_number(levels.LAeq)} dB  L90 {_number(levels.L90)}  LAFmax {_number(levels.LAFmax)}"
        f"  N5 {_number(result.loudness.N5)} sone  {result.scene.label or '-'}"
        f"  pleasant {_number(affect.isop, '+.2f')} eventful {_number(affect.isoe, '+.2f')}  {heard}"
    ).rstrip()


def _digest(digest: Digest) -> str:
    day = digest.summary.day
    words = f": {digest.caption.text}" if digest.caption else ""
    return f"{day.date}  Lden {_number(day.Lden)} dB{' (partial)' if day.partial else ''}{words}"


def _span(message: Envelope) -> str:
    return message.phenomenonTime[11:16]


def _doubts(message: Envelope) -> str:
    quality = message.quality
    if quality is None:
        return ""
    doubts = [] if quality.calibrated else ["uncalibrated"]
    if quality.coverage < 0.995:
        doubts.append(f"coverage {quality.coverage:.0%}")
    return f"  [{', '.join(doubts)}]" if doubts else ""


def _number(value: float | None, form: str = ".1f") -> str:
    return "-" if value is None else format(value, form)
