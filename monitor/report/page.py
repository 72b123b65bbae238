"""The page: all that the template needs, and the template filled in."""

from datetime import UTC, datetime
from importlib.resources import files
from itertools import pairwise
from typing import Any

from monitor import __version__
from monitor.narrate.facts.sounds import SETTINGS
from monitor.report.figures import Figures, Hour, Part
from monitor.report.plots import affect, levels, sounds
from monitor.report.plots.canvas import Plot
from monitor.report.provenance import calibration, gap_rows, honesty, notices, provenance
from monitor.report.sheet import Sheet
from monitor.report.words import changes, clock, db, duration, most_heard, share

CAPTIONS_OF_DAY = 24
"""Captions of periods that are printed; of more, every second, third, ... one."""
EXCEEDANCES_SHOWN = 15


def page(sheet: Sheet, figures: Figures, made: datetime | None) -> str:
    """Return the page as HTML."""
    from jinja2 import Environment, StrictUndefined

    source = files("monitor.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    template = environment.from_string(source.joinpath("page.html").read_text(encoding="utf-8"))
    css = source.joinpath("page.css").read_text(encoding="utf-8").strip()
    return template.render(
        css=css,
        made=f"{(made or datetime.now(UTC)).astimezone(sheet.span.zone):%Y-%m-%d %H:%M %Z}",
        version=__version__,
        notices=notices(sheet, figures),
        provenance=provenance(sheet, figures),
        gap_rows=gap_rows(sheet),
        honesty=honesty(sheet, figures),
        **_head(sheet, figures),
        **(_body(sheet, figures) if sheet.pieces else {}),
    )


def _head(sheet: Sheet, figures: Figures) -> dict[str, Any]:
    node, span = sheet.settings.node, sheet.span
    position = ""
    if node.latitude is not None and node.longitude is not None:
        position = f" · {node.latitude:.{node.location_decimals}f}, {node.longitude:.{node.location_decimals}f}"
    note = f"; the clocks change: {span.hours} hours" if changes(span) else ""
    return {
        "settings": sheet.settings,
        "span": span,
        "figures": figures,
        "place": node.place or node.name,
        "position": position,
        "clock_note": note,
        "empty": not sheet.pieces,
        "limit": sheet.settings.report.limit_laeq_db,
    }


def _body(sheet: Sheet, figures: Figures) -> dict[str, Any]:
    span, whole = sheet.span, figures.whole
    return {
        "digest": sheet.digest(),
        "authors": {"llm": "told by a language model from the figures", "template": "told from the figures"},
        "tiles": _tiles(figures),
        "plots": _plots(sheet, figures),
        "captions": _under_plots(sheet),
        "calm_sentence": _calm(sheet, figures),
        "figures_left": _levels(sheet, figures),
        "figures_right": [*_sound(figures), ("Calibration", calibration(sheet, figures))],
        "relative": "" if whole.quality.calibrated else " (uncalibrated: relative)",
        "day_rows": [
            {
                "name": f"{local:%A} {local.day} {local:%B}",
                "levels": day,
                "heard": share(day.coverage),
                "remark": "no data" if not day.coverage else "partial" if day.partial else "",
            }
            for local, day in zip(span.dates, figures.days, strict=True)
        ],
        "exceedance_sentence": _exceedances(sheet, figures),
        "exceedance_rows": [
            {"at": clock(span, run.start), "minutes": run.minutes, "LAeq_max": run.LAeq_max}
            for run in sorted(figures.exceedances, key=lambda run: (-run.minutes, run.start))[:EXCEEDANCES_SHOWN]
        ],
        "alert_rows": [
            {"at": clock(span, one.at), "rule": one.rule, "state": one.state, "text": one.text} for one in sheet.alerts
        ],
        "event_rows": [
            {
                "at": clock(span, event.onset, seconds=True),
                "label": event.label,
                "lasted": duration((event.offset - event.onset).total_seconds()),
                "LAFmax": event.LAFmax,
            }
            for event in figures.loudest_events
        ],
        "hour_rows": [_hour(sheet, hour) for hour in figures.hours if hour.coverage] if span.days == 1 else [],
        "told": _told(sheet),
    }


def _plots(sheet: Sheet, figures: Figures) -> dict[str, Plot]:
    return {
        "levels": levels.levels(sheet, figures),
        "loudness": levels.loudness(sheet),
        "calm": levels.calm(sheet, figures),
        "raster": sounds.raster(sheet),
        "scenes": sounds.scenes(sheet),
        "circumplex": affect.circumplex(sheet),
    }


def _under_plots(sheet: Sheet) -> dict[str, str]:
    minutes = levels.slot_minutes(sheet)
    length = f"{minutes} min" if minutes < 60 else "hour"
    day = sheet.span.days == 1
    return {
        "levels": f"Each {length}: LAeq, the band from background (L90) to peaks (L10), and the largest level. "
        "Grey: night. Hatched: not heard. The loudest events are named.",
        "raster": f"The darker, the larger the share of each {length} in which the sound was active."
        + (" Lines below a row: single sounds of a minute or longer." if day else ""),
        "circumplex": "Density of the minutes (darker: more), and their mean (P pleasant, E eventful): a tendency, "
        "since listeners differ by about ±0.3 on either axis.",
        "calm": "Number: LAeq of the hour, dB. Green with bold figures: calm. Hatched: not heard. "
        f"Calm means LAeq below {sheet.settings.report.calm_max_laeq_db:g} dB(A) and more pleasant than annoying.",
        "loudness": f"Each {length}: loudness exceeded 5 % and 50 % of the time, and the band from N90 to N10.",
        "scenes": "Share of the time in which each scene was the likeliest.",
    }


def _tiles(figures: Figures) -> list[dict[str, str]]:
    whole = figures.whole
    unit = "dB" if whole.quality.calibrated else "dB rel."
    night = figures.parts[2]
    rows = (
        ("Lden", db(figures.Lden), unit, "partial" if figures.partial else "all heard"),
        ("LAeq", db(whole.levels.LAeq), unit, f"background L90 {db(whole.levels.L90)}"),
        ("Lnight", db(night.level_db), unit, _partial(night) or "all heard"),
        ("Calm hours", str(len(figures.calm_hours)), f"of {len(figures.hours)}", "quiet and pleasant"),
        ("Heard", share(whole.quality.coverage).removesuffix(" %"), "%", "of the time"),
    )
    return [dict(zip(("name", "value", "unit", "note"), row, strict=True)) for row in rows]


def _partial(part: Part) -> str:
    return f"partial: {share(part.coverage)} heard" if part.partial else ""


def _levels(sheet: Sheet, figures: Figures) -> list[tuple[str, str]]:
    level = figures.whole.levels
    at = f" at {clock(sheet.span, figures.LAFmax_at)}" if figures.LAFmax_at and level.LAFmax is not None else ""

    def part(index: int, name: str) -> tuple[str, str]:
        one = figures.parts[index]
        note = _partial(one)
        return name, f"{db(one.level_db)} dB" + (f" ({note})" if note else "")

    return [
        part(0, "Lday"),
        part(1, "Levening"),
        part(2, "Lnight"),
        ("Lden", f"{db(figures.Lden)} dB{' (partial)' if figures.partial else ''}"),
        ("LAeq", f"{db(level.LAeq)} dB"),
        ("L10, L50, L90", f"{db(level.L10)}, {db(level.L50)}, {db(level.L90)} dB"),
        ("LAFmax", f"{db(level.LAFmax)} dB{at}"),
        ("LCpeak", f"{db(level.LCpeak)} dB"),
    ]


def _sound(figures: Figures) -> list[tuple[str, str]]:
    whole = figures.whole
    loudness, feeling, scene = whole.loudness, whole.affect, whole.scene

    def axis(value: float | None, spread: float | None) -> str:
        return "–" if value is None else f"{value:+.2f} (over time ±{spread or 0:.2f})"

    scenes = sorted(scene.share.items(), key=lambda item: -item[1])
    told = {name: one for name, one in whole.events.items() if name not in SETTINGS and one.active >= 0.01}
    heard = sorted(told.items(), key=lambda item: -item[1].active)
    return [
        ("N5, N50", f"{db(loudness.N5)}, {db(loudness.N50)} sone"),
        ("Loudest moment", f"{db(loudness.N_max)} sone"),
        ("Pleasantness", axis(feeling.isop, feeling.isop_sd)),
        ("Eventfulness", axis(feeling.isoe, feeling.isoe_sd)),
        ("Scene", ", ".join(f"{name.replace('_', ' ')} {part:.0%}" for name, part in scenes if part >= 0.005) or "–"),
        ("Most heard", ", ".join(f"{name} {one.active:.0%}" for name, one in heard[:4]) or "–"),
    ]


def _calm(sheet: Sheet, figures: Figures) -> str:
    calm = figures.calm_hours
    if not calm:
        return "No hour was calm."
    longest = run = 1
    for before, after in pairwise(calm):
        run = run + 1 if (after.start - before.start).total_seconds() == 3600 else 1
        longest = max(longest, run)
    some = f"{len(calm)} of {len(figures.hours)} hours were calm" if len(calm) > 1 else "One hour was calm"
    return f"{some}; the longest stretch lasted {longest} hour{'s' if longest > 1 else ''}."


def _exceedances(sheet: Sheet, figures: Figures) -> str:
    limit = sheet.settings.report.limit_laeq_db
    if limit is None:
        return ""
    heard, above, runs = figures.minutes_heard, figures.minutes_above, len(figures.exceedances)
    if not heard or above is None:
        why = "the minutes of this time are no longer all kept" if heard is None else "no minute was heard for its half"
        return f"How many minutes had an LAeq above {limit:g} dB(A) is not known: {why}."
    if not above:
        return f"None of the {heard} minutes heard had an LAeq above {limit:g} dB(A)."
    return (
        f"{above} minute{'s' if above > 1 else ''} ({share(above / heard)} of those heard) had an LAeq above "
        f"{limit:g} dB(A), in {runs} stretch{'es' if runs > 1 else ''}; the longest are:"
    )


def _hour(sheet: Sheet, hour: Hour) -> dict[str, Any]:
    one = hour.interval
    return {
        "name": clock(sheet.span, hour.start),
        "calm": hour.calm,
        "levels": one.levels,
        "N5": one.loudness.N5,
        "isop": one.affect.isop,
        "isoe": one.affect.isoe,
        "sounds": most_heard(one.events),
        "heard": share(hour.coverage),
    }


def _told(sheet: Sheet) -> list[dict[str, str]]:
    told = sheet.told() if sheet.span.days == 1 else [c for c in sheet.captions if c not in sheet.told()]
    step = -(-len(told) // CAPTIONS_OF_DAY) or 1
    return [{"at": clock(sheet.span, one.start), "text": f"{one.headline}: {one.text}"} for one in told[::step]]
