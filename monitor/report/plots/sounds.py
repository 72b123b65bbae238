"""What was heard when: events over the span, and the share of scenes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.narrate.facts.sounds import SETTINGS
from monitor.report.plots.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    Plot,
    figure,
    finished,
    hours_from,
    shade,
    time_axis,
)
from monitor.report.sheet import Sheet, Slot
from monitor.types import EVENTS, SCENES

SCENE_LOOKS = {"park": (GREEN, ""), "public_square": (ORANGE, ".."), "street_traffic": (BLUE, "//")}
"""Colour and hatch by scene: the hatch tells them apart without colour."""
LEAST_SHARE = 0.002
"""A sound that was active for less of the span has no row."""
MOST_ROWS = 10
SHADES = 12
SHARES = ((0.02, "now and then"), (0.25, "a quarter"), (0.5, "half"), (1.0, "all of the time"))
"""What the legend shows of the shades."""


def raster(sheet: Sheet) -> Plot:
    """Draw when each kind of sound was heard: its share of each stretch of time as shade, single events as ticks."""
    minutes = 10 if sheet.span.days == 1 else 60
    slots = sheet.slots(minutes)
    whole = sheet.whole.events
    names = [name for name in EVENTS if name not in SETTINGS and name in whole and whole[name].active >= LEAST_SHARE]
    names += [name for name in sorted({event.label for event in sheet.events}) if name not in {*names, *SETTINGS}]
    names.sort(key=lambda name: -whole[name].active if name in whole else 0.0)
    names = names[:MOST_ROWS]
    with figure(0.95 + 0.2 * max(1, len(names))) as (made, axes):
        from matplotlib import colormaps

        shade(axes, sheet, minutes)
        colours = colormaps["YlGnBu"]
        for row, name in enumerate(names):
            for start, end, step in _steps(slots, EVENTS.index(name)):
                left, right = hours_from(sheet.span, start), hours_from(sheet.span, end)
                colour = colours(_depth(step / SHADES))
                axes.broken_barh([(left, right - left)], (row - 0.4, 0.8), facecolor=colour, lw=0, zorder=1)
        for event in sheet.events if sheet.span.days == 1 else []:
            if event.label in names and event.offset - event.onset >= timedelta(seconds=60):
                row = names.index(event.label)
                ends = (hours_from(sheet.span, event.onset), hours_from(sheet.span, event.offset))
                axes.plot(ends, (row + 0.4, row + 0.4), color=INK, lw=1.4, solid_capstyle="butt", zorder=2)
        keys = [axes.bar(0, 0, color=colours(_depth(part)), label=label) for part, label in SHARES]
        axes.legend(handles=keys, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(keys), handlelength=1.4)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(max(1, len(names)) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        time_axis(axes, sheet.span)
        told = ", ".join(f"{name} {100 * whole[name].active:.0f} %" for name in names if name in whole)
        return finished(made, "raster", f"Share of the time in which each sound was heard: {told or 'none'}.")


def scenes(sheet: Sheet) -> Plot:
    """Draw the share of each scene in each hour (of a week: each three hours)."""
    minutes = 60 if sheet.span.days == 1 else 180
    slots = sheet.slots(minutes)
    share = sheet.whole.scene.share
    with figure(1.45) as (made, axes):
        shade(axes, sheet, minutes)
        places = [hours_from(sheet.span, slot.start) + minutes / 120 for slot in slots]
        base = [0.0] * len(slots)
        for index, scene in enumerate(SCENES):
            colour, hatch = SCENE_LOOKS[scene]
            parts = [
                100 * slot.stats.likeliest[index] / slot.stats.weight if slot.stats.weight else 0.0 for slot in slots
            ]
            label = f"{scene.replace('_', ' ')} ({100 * share.get(scene, 0.0):.0f} %)"
            axes.bar(
                places,
                parts,
                minutes / 60 * 0.94,
                base,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                lw=0,
                label=label,
                zorder=2,
            )
            base = [below + part for below, part in zip(base, parts, strict=True)]
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 50, 100], ["0", "50", "100 %"])
        time_axis(axes, sheet.span)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1.4)
        told = ", ".join(f"{scene.replace('_', ' ')} {100 * share.get(scene, 0.0):.0f} %" for scene in SCENES)
        return finished(made, "scenes", f"Share of the time in which each scene was the likeliest: {told}.")


def _depth(share: float) -> float:
    """Return the place of a share on the colour map, whose lightest end is too light to be seen."""
    return 0.12 + 0.88 * share


def _steps(slots: Sequence[Slot], index: int) -> list[tuple[datetime, datetime, int]]:
    """Return stretches of equal shade: begin, end, and the share of activity in steps of 1 / SHADES."""
    found: list[tuple[datetime, datetime, int]] = []
    for slot in slots:
        share = slot.stats.event_active[index] / slot.stats.weight if slot.stats.weight else 0.0
        step = round(share * SHADES) or int(share >= 0.01)
        if found and found[-1][1:] == (slot.start, step):
            found[-1] = (found[-1][0], slot.end, step)
        elif step:
            found.append((slot.start, slot.end, step))
    return found
