"""Levels and loudness over the span."""

from itertools import pairwise

from monitor.report.figures import Figures
from monitor.report.plots.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    SKY,
    SOFT,
    VERMILLION,
    Plot,
    figure,
    finished,
    hours_from,
    shade,
    time_axis,
)
from monitor.report.sheet import Sheet
from monitor.report.words import clock

NAN = float("nan")
NAMED_EVENTS = 5


def slot_minutes(sheet: Sheet) -> int:
    """Return the length of the stretches that are drawn: 10 min of a day, an hour of a week."""
    return 10 if sheet.span.days == 1 else 60


def levels(sheet: Sheet, figures: Figures) -> Plot:
    """Draw LAeq with the band from L90 to L10, the largest LAFmax, the limit, and the loudest events by name."""
    minutes = slot_minutes(sheet)
    slots = [(slot, sheet.summary(slot).levels) for slot in sheet.slots(minutes)]
    middle = [hours_from(sheet.span, slot.start) + minutes / 120 for slot, _ in slots]

    def series(name: str) -> list[float]:
        return [NAN if (value := getattr(one, name)) is None else value for _, one in slots]

    with figure(2.9) as (made, axes):
        shade(axes, sheet, minutes)
        axes.fill_between(middle, series("L90"), series("L10"), color=SKY, alpha=0.45, lw=0, label="L90 to L10")
        axes.plot(middle, series("LAeq"), color=BLUE, lw=1.6, label=f"LAeq,{minutes} min")
        axes.plot(middle, series("LAFmax"), ".", color=VERMILLION, ms=2.6, label="LAFmax")
        limit = sheet.settings.report.limit_laeq_db
        if limit is not None:
            axes.axhline(limit, color=INK, lw=1, ls=(0, (5, 2)), label=f"limit {limit:g} dB(A)")
        _name_events(axes, sheet, figures)
        known = [value for name in ("LAFmax", "L90") for value in series(name) if value == value]
        axes.set_ylim(10 * ((min(known, default=30) - 2) // 10), 10 * ((max(known, default=80) + 16) // 10))
        axes.set_ylabel("dB re 20 µPa" if sheet.whole.quality.calibrated else "dB, relative")
        time_axis(axes, sheet.span)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, handlelength=1.6)
        return finished(made, "levels", _levels_in_words(sheet, figures))


def loudness(sheet: Sheet) -> Plot:
    """Draw loudness after ISO 532-1: N5 over the median."""
    minutes = slot_minutes(sheet)
    slots = [(slot, sheet.summary(slot).loudness) for slot in sheet.slots(minutes)]
    middle = [hours_from(sheet.span, slot.start) + minutes / 120 for slot, _ in slots]

    def series(name: str) -> list[float]:
        return [NAN if (value := getattr(one, name)) is None else value for _, one in slots]

    with figure(1.75) as (made, axes):
        shade(axes, sheet, minutes)
        axes.fill_between(middle, series("N90"), series("N10"), color=ORANGE, alpha=0.3, lw=0, label="N90 to N10")
        axes.plot(middle, series("N5"), color=VERMILLION, lw=1.4, label="N5")
        axes.plot(middle, series("N50"), color=INK, lw=1.2, ls="--", label="N50")
        axes.set_ylim(bottom=0)
        axes.set_ylabel("sone")
        time_axis(axes, sheet.span)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1.6)
        known = [value for value in series("N5") if value == value]
        told = f"N5 between {min(known):.1f} and {max(known):.1f} sone." if known else "No loudness is known."
        return finished(made, "loudness", f"Loudness after ISO 532-1 over time: {told}")


def calm(sheet: Sheet, figures: Figures) -> Plot:
    """Draw each hour as a cell: its LAeq, and whether it was calm."""
    rows = sheet.span.dates
    with figure(0.62 + 0.27 * len(rows)) as (made, axes):
        for hour in figures.hours:
            local = sheet.span.local(hour.start)
            row = rows.index(local.date())
            first = next(one for one in figures.hours if sheet.span.local(one.start).date() == local.date())
            column = round((hour.start - first.start).total_seconds() / 3600)
            heard = hour.coverage > 0
            face = GREEN if hour.calm else "#e9ecef" if heard else "white"
            hatch = None if heard else "////"
            axes.broken_barh(
                [(column + 0.04, 0.92)], (row - 0.44, 0.88), facecolor=face, edgecolor=SOFT, lw=0, hatch=hatch
            )
            level = hour.interval.levels.LAeq
            text = "" if not heard else "<" if level is None else f"{level:.0f}"
            axes.text(
                column + 0.5, row, text, ha="center", va="center", fontsize=7,
                color="white" if hour.calm else INK, fontweight="bold" if hour.calm else "normal",
            )  # fmt: skip
        axes.set_ylim(len(rows) - 0.45, -0.55)
        axes.set_yticks(range(len(rows)), [f"{local:%a} {local.day}" for local in rows] if len(rows) > 1 else [""])
        if len(rows) == 1:
            time_axis(axes, sheet.span)
        else:
            longest = max(
                round((end - start).total_seconds() / 3600) for start, end in pairwise(sheet.span.midnights())
            )
            axes.set_xlim(0, longest)
            axes.set_xticks(range(0, longest + 1, 3), [f"{hour:02d}" for hour in range(0, longest + 1, 3)])
            axes.set_xlabel("hours since local midnight", fontsize=7.5, color=SOFT)
        axes.grid(visible=False)
        axes.tick_params(axis="both", which="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        times = ", ".join(clock(sheet.span, hour.start) for hour in figures.calm_hours) or "none"
        return finished(made, "calm", f"Hours of the span with their LAeq. Calm hours begin at: {times}.")


def _name_events(axes: object, sheet: Sheet, figures: Figures) -> None:
    taken: list[float] = []
    for event in figures.loudest_events:
        place = hours_from(sheet.span, event.onset)
        if event.LAFmax is None or any(abs(place - other) < sheet.span.hours / 11 for other in taken):
            continue
        taken.append(place)
        right = place > sheet.span.hours * 0.9
        axes.annotate(  # type: ignore[attr-defined]
            event.label, (place, event.LAFmax), xytext=(-3 if right else 3, 5), textcoords="offset points",
            fontsize=7, color=VERMILLION, ha="right" if right else "left", zorder=5,
        )  # fmt: skip
        if len(taken) == NAMED_EVENTS:
            return


def _levels_in_words(sheet: Sheet, figures: Figures) -> str:
    loud, quiet = figures.loudest_hour, figures.quietest_hour
    if loud is None or quiet is None:
        return "Sound level over time: nothing was heard."
    return (
        f"Sound level over time with the band from L90 to L10. Loudest hour from {clock(sheet.span, loud.start)} with "
        f"LAeq {loud.interval.levels.LAeq:.1f} dB, quietest from {clock(sheet.span, quiet.start)} with "
        f"{quiet.interval.levels.LAeq:.1f} dB."
    )
