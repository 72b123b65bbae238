"""Whether the figures can be trusted: notices on top of the page, and quality, calibration and origin below."""

import re
from dataclasses import dataclass
from datetime import date

from monitor.report.figures import Figures
from monitor.report.sheet import Sheet
from monitor.report.words import clock, duration, share

LONG_GAP_S = 10.0
GAPS_SHOWN = 12
OLD_DAYS = 365
"""A calibration older than this is told to be old, days."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader must know before the figures."""

    title: str
    text: str


def notices(sheet: Sheet, figures: Figures) -> list[Notice]:
    """Return what limits the figures."""
    quality = figures.whole.quality
    found = []
    if sheet.pieces and not quality.calibrated:
        found.append(
            Notice("Uncalibrated: levels are relative.", "They may be compared with each other, not with limits.")
        )
    age = _age_days(sheet)
    if quality.calibrated and age is not None and age > OLD_DAYS:
        found.append(Notice("Old calibration.", f"The microphone was calibrated {age} days before."))
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


def provenance(sheet: Sheet, figures: Figures) -> list[tuple[str, str]]:
    """Return quality, calibration and origin as names and values."""
    quality, whole = figures.whole.quality, figures.whole
    lost = sum(gap.duration_s for gap in sheet.gaps)
    rows = [
        ("Heard", f"{share(quality.coverage)} of the time" if sheet.pieces else "nothing"),
        ("Interruptions", f"{len(sheet.gaps)}, together {duration(lost)}" if sheet.gaps else "none noted"),
    ]
    if sheet.pieces:
        rows += [
            ("Calibration", calibration(sheet, figures)),
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


def _age_days(sheet: Sheet) -> int | None:
    """Return the age of the calibration at the end of the record, days; its date is in the node's own words."""
    dates = re.findall(r"\b\d{4}-\d\d-\d\d\b", sheet.calibration or "")
    moment = sheet.span.local(sheet.heard_until or sheet.span.end).date()
    return max(0, (moment - date.fromisoformat(dates[0])).days) if dates else None


def calibration(sheet: Sheet, figures: Figures) -> str:
    """Return how the levels are calibrated, and how long ago."""
    quality = figures.whole.quality
    if not quality.calibrated:
        return "none: levels are relative"
    if quality.level_reference == "configured":
        return "sensitivity configured by the operator, not measured"
    age = _age_days(sheet)
    if sheet.calibration is None or age is None:
        return "by an acoustic calibrator; its date is not known here"
    return f"{sheet.calibration}: {age} day{'' if age == 1 else 's'} old"
