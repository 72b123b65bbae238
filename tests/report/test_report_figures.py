"""The figures of a report are those of the data, on days of any length, whole or not."""

import csv
from datetime import date, time, timedelta
from io import StringIO
from math import log10

import pytest
from report_day import DAY, MADE, OUTAGE, SETTINGS, ZONE
from synthetic import Place
from synthetic_history import fill

from monitor.aggregate import summarise
from monitor.records import EventActivity, Interval, MinuteSummary
from monitor.report import Sheet, Span, as_csv, figures_of
from monitor.report.words import most_heard
from monitor.store.history import History


def energy_mean(levels: list[float]) -> float:
    return 10 * log10(sum(10 ** (level / 10) for level in levels) / len(levels))


@pytest.fixture(scope="module")
def sheet(park: History) -> Sheet:
    return Sheet(park, SETTINGS, DAY, MADE)


def test_levels_are_the_energy_means_of_the_minutes(park: History, sheet: Sheet) -> None:
    minutes = park.minutes(DAY.start, DAY.end)
    figures = figures_of(sheet)
    assert len(minutes) == 24 * 60 - 50
    assert figures.whole.levels.LAeq == pytest.approx(energy_mean([m.levels.LAeq for m in minutes]), abs=0.02)
    assert figures.whole.levels.LAFmax == max(m.levels.LAFmax for m in minutes)
    names = {"day": range(7, 19), "evening": range(19, 23), "night": (23, *range(7))}
    for part in figures.parts:
        own = [m.levels.LAeq for m in minutes if m.start.astimezone(ZONE).hour in names[part.name]]
        assert part.level_db == pytest.approx(energy_mean(own), abs=0.02)
    day, evening, night = (part.level_db for part in figures.parts)
    weighed = 12 * 10 ** (day / 10) + 4 * 10 ** ((evening + 5) / 10) + 8 * 10 ** ((night + 10) / 10)
    assert figures.Lden == pytest.approx(10 * log10(weighed / 24), abs=0.01)
    assert figures.days[0].Lden == round(figures.Lden, 2), "from exact levels, as the day's own"


def test_what_was_not_heard_makes_a_part_partial_and_nothing_else(sheet: Sheet) -> None:
    figures = figures_of(sheet)
    assert {part.name: part.partial for part in figures.parts} == {"day": True, "evening": False, "night": False}
    assert figures.parts[0].coverage == pytest.approx(1 - 50 / 720, abs=1e-5)
    assert figures.whole.quality.coverage == pytest.approx(1 - 50 / 1440, abs=1e-5)
    assert sheet.unheard(10) == [OUTAGE]


def test_a_part_without_hours_misses_nothing(empty: History) -> None:
    parts = SETTINGS.aggregate.model_copy(update={"evening_start": SETTINGS.aggregate.night_start})
    settings = SETTINGS.model_copy(update={"aggregate": parts})
    evening = figures_of(Sheet(empty, settings, DAY, MADE)).parts[1]
    assert evening.level_db is None and not evening.partial


def test_exceedances_are_the_minutes_above_the_limit(park: History, sheet: Sheet) -> None:
    above = [m.start for m in park.minutes(DAY.start, DAY.end) if m.levels.LAeq > 55.0]
    figures = figures_of(sheet)
    told = [run.start + timedelta(minutes=k) for run in figures.exceedances for k in range(run.minutes)]
    assert above and told == above
    assert figures.minutes_above == len(above)


def test_hours_are_merged_from_minutes_and_calm_ones_are_quiet_and_pleasant(sheet: Sheet) -> None:
    figures = figures_of(sheet)
    assert len(figures.hours) == 24
    for hour in figures.hours:
        quiet = hour.interval.levels.LAeq < 50
        assert hour.calm == (quiet and hour.interval.affect.isop >= 0 and hour.coverage >= 0.5)
    assert 0 < len(figures.calm_hours) < 24
    assert figures.loudest_hour.interval.levels.LAeq > figures.quietest_hour.interval.levels.LAeq


@pytest.mark.parametrize(
    ("local", "night_h", "lost_h"), [(date(2026, 3, 29), 7, 0), (date(2026, 10, 25), 9, 0), (date(2026, 10, 25), 9, 1)]
)
def test_a_night_is_as_long_as_the_clocks_make_it(empty: History, local: date, night_h: int, lost_h: int) -> None:
    span = Span.day(local, ZONE)
    dawn, dusk = span.at(local, time(7)), span.at(local, time(23))
    fill(empty, Place("park", 3), span.start + timedelta(hours=lost_h), dawn)
    fill(empty, Place("park", 3), dusk, span.end)
    night = figures_of(Sheet(empty, SETTINGS, span, span.end)).parts[2]
    assert night.coverage == pytest.approx(1 - lost_h / night_h, abs=1e-5)
    assert night.partial == bool(lost_h)


@pytest.mark.parametrize(
    ("local", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_has_23_24_or_25_hours(empty: History, local: date, hours: int) -> None:
    span = Span.day(local, ZONE)
    fill(empty, Place("street", 3), span.start + timedelta(hours=1), span.start + timedelta(hours=4))
    figures = figures_of(Sheet(empty, SETTINGS, span, span.end))
    assert span.hours == len(figures.hours) == hours
    assert [hour.coverage > 0 for hour in figures.hours] == [False, True, True, True] + [False] * (hours - 4)
    assert figures.partial and figures.Lden is None
    assert figures.whole.quality.coverage == pytest.approx(3 / hours, abs=1e-5)


@pytest.mark.parametrize(
    ("active", "words"),
    [
        ({"Traffic": 0.5, "Vehicle": 0.6, "Bird": 0.2}, "Traffic, Bird"),
        ({"Vehicle": 0.6, "Traffic": 0.1}, "Vehicle"),
        ({"Silence": 0.9, "Human sounds": 0.3, "Speech": 0.2}, "Speech"),
    ],
)
def test_the_most_heard_sounds_are_those_that_captions_tell(active: dict[str, float], words: str) -> None:
    events = {name: EventActivity(mean=share, max=share, active=share) for name, share in active.items()}
    assert most_heard(events) == words


def test_a_week_runs_from_monday_to_sunday() -> None:
    week = Span.week(date(2026, 10, 22), ZONE)
    assert (week.dates[0], week.dates[-1]) == (date(2026, 10, 19), date(2026, 10, 25))
    assert week.hours == 7 * 24 + 1
    assert week.name == "2026-W43"


def test_periods_stand_in_where_minutes_are_no_longer_kept(empty: History) -> None:
    fill(empty, Place("park", 3), DAY.start, DAY.start + timedelta(hours=4))
    whole = figures_of(Sheet(empty, SETTINGS, DAY, MADE)).whole
    with empty.upkeep._file.writing() as connection:
        connection.execute("DELETE FROM minutes WHERE rowid <= (SELECT min(start) + 7200000000 - 1 FROM minutes)")
    thinned = Sheet(empty, SETTINGS, DAY, MADE)
    assert {piece.duration_s for piece in thinned.pieces} == {60.0, 300.0}
    assert figures_of(thinned).whole == whole


def test_minutes_no_longer_kept_are_held_against_no_limit(empty: History) -> None:
    fill(empty, Place("street", 3), DAY.start, DAY.start + timedelta(hours=2))
    assert figures_of(Sheet(empty, SETTINGS, DAY, MADE)).minutes_above
    with empty.upkeep._file.writing() as connection:
        connection.execute("DELETE FROM minutes WHERE rowid <= (SELECT min(start) + 3600000000 - 1 FROM minutes)")
    figures = figures_of(Sheet(empty, SETTINGS, DAY, MADE))
    assert figures.minutes_heard is None and figures.minutes_above is None and not figures.exceedances


def test_a_minute_counts_against_the_limit_when_half_of_it_was_heard(empty: History) -> None:
    loud = SETTINGS.model_copy(update={"report": SETTINGS.report.model_copy(update={"limit_laeq_db": 1.0})})
    for at, seconds in enumerate((29, 31, 60)):
        stats = Place("street", 3).minute(DAY.start + timedelta(minutes=at)).stats()
        stats.heard_us = seconds * 1_000_000
        start = DAY.start + timedelta(minutes=at)
        interval = summarise(stats, start, 60.0)
        empty.add(MinuteSummary(**{name: getattr(interval, name) for name in Interval.model_fields}), stats)
    empty.flush()
    figures = figures_of(Sheet(empty, loud, DAY, MADE))
    assert figures.minutes_heard == figures.minutes_above == 2
    assert [(run.start, run.minutes) for run in figures.exceedances] == [(DAY.start + timedelta(minutes=1), 2)]


def test_a_running_day_has_no_gap_in_its_future(empty: History) -> None:
    fill(empty, Place("park", 3), DAY.start, DAY.start + timedelta(hours=2))
    assert Sheet(empty, SETTINGS, DAY, DAY.start + timedelta(hours=2)).unheard(10) == []
    assert Sheet(empty, SETTINGS, DAY, MADE).unheard(10) == [(DAY.start + timedelta(hours=2), DAY.end)]


def test_the_csv_is_the_minutes(park: History, sheet: Sheet) -> None:
    rows = list(csv.DictReader(StringIO(as_csv(sheet))))
    minutes = park.minutes(DAY.start, DAY.end)
    assert len(rows) == len(minutes)
    for row, minute in zip(rows[::97], minutes[::97], strict=True):
        assert row["start_utc"] == f"{minute.start:%Y-%m-%dT%H:%M:%SZ}"
        assert float(row["LAeq_db"]) == minute.levels.LAeq
        assert float(row["N5_sone"]) == minute.loudness.N5
        assert float(row["isop"]) == minute.affect.isop
        assert float(row["Leq_1000_Hz_db"]) == minute.levels.bands_Leq["1000"]
        assert row["scene"] == minute.scene.label and row["calibrated"] == "true"
