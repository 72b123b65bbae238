"""A history filled with the days of a synthetic place, outages and all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from synthetic import Place

from monitor.aggregate import merged, summarise
from monitor.records import Caption, GapRecord, Interval, MinuteSummary, PeriodSummary
from monitor.store.history import History

PERIOD = timedelta(minutes=5)


def fill(
    history: History,
    place: Place,
    start: datetime,
    end: datetime,
    outages: Sequence[tuple[datetime, datetime]] = (),
    captions_every: timedelta = timedelta(minutes=30),
) -> None:
    """Write minutes, periods, events, gaps and captions of [start, end); nothing is heard during the outages."""
    period = []
    for minute in place.minutes(start, end):
        if any(first <= minute.start < last for first, last in outages):
            continue
        stats = minute.stats()
        history.add(MinuteSummary(**_fields(summarise(stats, minute.start, 60.0))), stats)
        period.append(stats)
        if (minute.start + timedelta(minutes=1) - start) % PERIOD == timedelta(0):
            whole = merged(period)
            begun = minute.start + timedelta(minutes=1) - PERIOD
            summary = PeriodSummary(**_fields(summarise(whole, begun, PERIOD.total_seconds())))
            history.add(summary, whole)
            period = []
            if (begun - start) % captions_every == timedelta(0):
                history.add(caption(summary))
    for event in place.events(start, end, least_s=4.0):
        if not any(first < event.offset and event.onset < last for first, last in outages):
            history.add(event)
    for first, last in outages:
        history.add(GapRecord(start=first, duration_s=(last - first).total_seconds(), cause="vanished"))
    history.flush()


def caption(summary: PeriodSummary) -> Caption:
    """Words about a period, plain enough for a page to be looked at."""
    heard = sorted(summary.events, key=lambda name: -summary.events[name].active)[:2]
    text = f"Around {summary.levels.LAeq:.0f} dB(A), with {' and '.join(name.lower() for name in heard)}."
    return Caption(
        start=summary.start,
        end=summary.start + timedelta(seconds=summary.duration_s),
        headline=f"It sounds like a {(summary.scene.label or 'place').replace('_', ' ')}",
        text=text,
        source="template",
        facts_id="synthetic",
    )


def digest(start: datetime, end: datetime) -> Caption:
    """Words about a whole day."""
    return Caption(
        start=start,
        end=end,
        headline="A calm night, a lively afternoon",
        text="Birds began at five and sang until nine. People filled the park in the afternoon; a leaf blower was "
        "the loudest sound of the morning. From ten in the evening it was quiet again.",
        source="template",
        facts_id="synthetic",
    )


def _fields(interval: Interval) -> dict[str, object]:
    return {name: getattr(interval, name) for name in Interval.model_fields}
