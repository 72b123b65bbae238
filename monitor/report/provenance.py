"""Whether the figures can be trusted: notices on top of the page, and quality, calibration and origin below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.report.figures import Figures
from monitor.report.sheet import Sheet
from monitor.report.words import clock, duration, share
from monitor.sources.calibration import CalibrationRecord

LONG_GAP_S = 10.0
GAPS_SHOWN = 12
OLD_DAYS = 365
"""A calibration older than this is told to be old, days."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader must know before the figures."""

    title: str
    text: str


def notices(sheet: Sheet, figures: Figures, calibrations: Sequence[CalibrationRecord]) -> list[Notice]:
    """Return what limits the figures."""
    quality = figures.whole.quality
    found = []
    if sheet.pieces and not quality.calibrated:
        found.append(
            Notice("Uncalibrated: levels are relative.", "They may be compared with each other, not with limits.")
        )
    age = _age_days(sheet, calibrations)
    if quality.calibrated and age is not None and age > OLD_DAYS:
        found.append(Notice("Old calibration.", f"The microphone was last calibrated {age} days before."))
    if figures.partial and sheet.pieces:
        until = sheet.heard_until
        ended = until is not None and until < sheet.span.end
        tail = f" The record ends at {clock(sheet.span, until)}." if ended and until is not None else ""
        parts = ", ".join(f"{part.name} {share(part.coverage)}" for part in figures.parts if part.partial)
        found.append(Notice("Partial data.", f"{share(quality.coverage)} of the time was heard ({parts}).{tail}"))
    if quality.clock == "unsynchronised" and sheet.pieces:
        found.append(
            Notice("Uncertain times.", "The node's clock was not synchronised for at least a part of the time.")
        )
    return found


def provenance(sheet: Sheet, figures: Figures, calibrations: Sequence[CalibrationRecord]) -> list[tuple[str, str]]:
    """Return quality, calibration and origin as names and values."""
    quality, whole = figures.whole.quality, figures.whole
    lost = sum(gap.duration_s for gap in sheet.gaps)
    rows = [
        ("Heard", f"{share(quality.coverage)} of the time" if sheet.pieces else "nothing"),
        ("Interruptions", f"{len(sheet.gaps)}, together {duration(lost)}" if sheet.gaps else "none noted"),
    ]
    if sheet.pieces:
        rows += [
            ("Calibration", _calibration(sheet, figures, calibrations)),
            ("Overload", f"{quality.overload_pct:.2g} % of the time; {quality.clipped_pct:.2g} % of samples clipped"),
            ("Below the measuring range", f"{quality.under_range_pct:.2g} % of the time"),
            ("Wind on the microphone", f"{quality.wind_pct:.2g} % of the time (not left out of the levels)"),
            ("Clock", quality.clock),
            ("Model", whole.model_id or "none"),
        ]
    for entry in sheet.journal:
        detail = ", ".join(f"{name} {value}" for name, value in entry.detail.items() if value is not None)
        rows.append((f"{clock(sheet.span, entry.at)} {entry.kind}", detail or "noted"))
    return rows


def gap_rows(sheet: Sheet) -> list[dict[str, str]]:
    """Return the longest interruptions."""
    longest = sorted(sheet.gaps, key=lambda gap: -gap.duration_s)[:GAPS_SHOWN]
    return [
        {
            "at": clock(sheet.span, gap.start, seconds=True),
            "lasted": duration(gap.duration_s),
            "cause": gap.cause.replace("_", " "),
        }
        for gap in longest
        if gap.duration_s > LONG_GAP_S
    ]


def honesty(sheet: Sheet, figures: Figures) -> str:
    """Return what kind of measurement this is."""
    if not sheet.pieces:
        return ""
    if not figures.whole.quality.calibrated:
        return "Levels are not calibrated."
    how = {
        "calibrated": "Levels rest on a calibration with an acoustic calibrator",
        "configured": "Levels rest on a sensitivity that the operator configured",
        "assumed": "Levels rest on an assumed sensitivity",
    }[figures.whole.quality.level_reference]
    return f"{how}; filters are verified within IEC 61672-1 class 1 limits, the whole chain is not type-approved."


def _in_force(sheet: Sheet, calibrations: Sequence[CalibrationRecord]) -> CalibrationRecord | None:
    before = [one for one in calibrations if one.kind == "calibration" and one.at < sheet.span.end]
    return before[-1] if before else None


def _age_days(sheet: Sheet, calibrations: Sequence[CalibrationRecord]) -> int | None:
    record = _in_force(sheet, calibrations)
    moment: datetime = sheet.heard_until or sheet.span.end
    return None if record is None else max(0, (moment - record.at).days)


def _calibration(sheet: Sheet, figures: Figures, calibrations: Sequence[CalibrationRecord]) -> str:
    quality = figures.whole.quality
    if not quality.calibrated:
        return "none: levels are relative"
    if quality.level_reference == "configured":
        return "sensitivity configured by the operator, not measured"
    record, age = _in_force(sheet, calibrations), _age_days(sheet, calibrations)
    if record is None or age is None:
        return "by an acoustic calibrator; its date is not known here"
    on = f"{record.at.astimezone(sheet.span.zone):%Y-%m-%d}"
    text = f"{record.level_db:g} dB at {record.freq_hz:g} Hz on {on}, {age} day{'' if age == 1 else 's'} before"
    text += f", microphone {record.serial}" if record.serial else ""
    checks = [one for one in calibrations if one.kind == "check" and record.at < one.at and one.shift_db is not None]
    return text + (f"; checked {checks[-1].at:%Y-%m-%d}, shift {checks[-1].shift_db:+.2f} dB" if checks else "")
