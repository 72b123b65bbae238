"""Local days are whole days whatever the clocks do, and Lden is that of the Directive."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.aggregate.days import DayParts, PartEnergies, day_limits, lden
from monitor.aggregate.statistics import IntervalStats
from monitor.settings import AggregateSettings
from tests.aggregate.observations import frame

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PARTS = DayParts.of(AggregateSettings())


def hours(day: str, zone: str) -> float:
    first, last = day_limits(date.fromisoformat(day), ZoneInfo(zone))
    return (last - first).total_seconds() / 3600


def test_days_have_23_24_or_25_hours() -> None:
    assert hours("2026-03-29", "Europe/Amsterdam") == 23
    assert hours("2026-10-25", "Europe/Amsterdam") == 25
    assert hours("2026-06-01", "Europe/Amsterdam") == 24
    assert hours("2026-10-04", "Australia/Lord_Howe") == 23.5
    assert hours("2018-11-04", "America/Sao_Paulo") == 23, "a day that begins at 01:00"
    assert hours("2026-06-01", "Asia/Kathmandu") == 24


@given(
    st.dates(date(1990, 1, 1), date(2035, 1, 1)),
    st.sampled_from(["Europe/Amsterdam", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe"]),
)
def test_days_follow_each_other_without_gap_or_overlap(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    first, last = day_limits(day, zone)
    assert last == day_limits(day + timedelta(days=1), zone)[0]
    if last > first:  # Apia left out a whole day
        assert first.astimezone(zone).date() == day
        assert (last - timedelta(minutes=1)).astimezone(zone).date() == day


def test_lden_of_a_constant_level_is_6_4_db_more() -> None:
    assert lden((60, 60, 60)) == pytest.approx(66.4, abs=0.01)
    assert lden((65, 60, 55)) == pytest.approx(65.0, abs=0.01)
    assert lden((60, None, 60)) is None
    assert lden((60, None, 60), (16, 0, 8)) is not None, "a part without hours is not missed"


def test_parts_of_the_day_are_configurable_and_may_pass_midnight() -> None:
    assert PARTS.hours == (12, 4, 8)
    assert [PARTS.part(datetime(2026, 1, 1, h)) for h in (6, 7, 18, 19, 22, 23, 0)] == [2, 0, 0, 1, 1, 2, 2]
    late = DayParts.of(AggregateSettings(day_start=time(8), evening_start=time(20), night_start=time(0, 30)))
    assert late.hours == (12, 4.5, 7.5)
    assert [late.part(datetime(2026, 1, 1, h, 15)) for h in (7, 8, 20, 0, 1)] == [2, 0, 1, 1, 2]


@pytest.mark.parametrize(("day", "night_hours"), [("2026-03-29", 7), ("2026-10-25", 9), ("2026-06-01", 8)])
def test_a_night_of_7_or_9_hours_still_weighs_8(day: str, night_hours: int) -> None:
    first, last = day_limits(date.fromisoformat(day), AMSTERDAM)
    energies, nights = PartEnergies(), 0
    minute = first
    while minute < last:
        part = PARTS.part(minute.astimezone(AMSTERDAM))
        nights += part == 2
        stats = IntervalStats()
        stats.add_levels([frame(0, (65.0, 60.0, 55.0)[part])])
        energies.add(part, stats)
        minute += timedelta(minutes=1)
    assert nights == night_hours * 60
    levels = energies.levels(date.fromisoformat(day), AMSTERDAM, PARTS, 1.0, 20.0)
    assert (levels.Lday, levels.Levening, levels.Lnight, levels.Lden) == (65.0, 60.0, 55.0, 65.0)
    assert not levels.partial and levels.time_zone == "Europe/Amsterdam"


def test_a_part_that_was_not_heard_leaves_lden_unknown() -> None:
    energies = PartEnergies()
    stats = IntervalStats()
    stats.add_levels([frame(0, 60.0)])
    energies.add(0, stats)
    levels = energies.levels(date(2026, 6, 1), ZoneInfo("UTC"), PARTS, 0.4, 20.0)
    assert levels.Lday == 60 and levels.Levening is None and levels.Lden is None and levels.partial
