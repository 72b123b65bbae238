"""Minutes, periods and days depend on the sound only: not on chunks, threads or restarts."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aggregate import AggregateRecord, Aggregator, IntervalStats, LevelBasis, Remembered, merged, summarise
from monitor.clock import LiveClock, SampleClock
from monitor.records import DaySummary, GapRecord, Interval, MinuteSummary, PeriodSummary, SoundEvent
from monitor.settings import AggregateSettings
from monitor.types import LEVEL_FRAME, RATE_HZ, Gap, WindowPrediction
from tests.aggregate.observations import START, Item, aggregator, frame, loudness, prediction, programme


def end_of(item: Item) -> int:
    if isinstance(item, WindowPrediction | Gap):
        return item.end_sample
    return item.start_sample + (LEVEL_FRAME if not hasattr(item, "n_sone") else 96 * len(item.n_sone))


def run(
    items: Sequence[Item], seconds: int, rng: random.Random | None = None, engine: Aggregator | None = None
) -> list[AggregateRecord]:
    """Feed two threads' items, with random pauses of either when a generator is given."""
    engine = engine or aggregator()
    heard = [item for item in items if not isinstance(item, WindowPrediction)]
    inferred = [item for item in items if isinstance(item, WindowPrediction)]
    records: list[AggregateRecord] = []
    h = i = 0
    while h < len(heard) or i < len(inferred):
        for _ in range(rng.randint(0, 900) if rng else 9):
            if h < len(heard):
                engine.add(heard[h])
                h += 1
        for _ in range(rng.randint(0, 90) if rng else 9):
            if i < len(inferred):
                engine.add(inferred[i])
                i += 1
        heard_to = end_of(heard[h - 1]) if h else 0
        inferred_to = inferred[i].end_sample - 1 if i < len(inferred) else seconds * RATE_HZ
        records += engine.advance(heard_to, inferred_to)
    return records + engine.finish(seconds * RATE_HZ)


def text(records: Sequence[AggregateRecord]) -> list[str]:
    return [type(record).__name__ + record.model_dump_json() for record in records]


def of(kind: type, records: Sequence[AggregateRecord]) -> list:
    return [record for record in records if type(record) is kind]


GAPS = ((70, 5), (75, 30), (200, 1), (296, 4), (400, 130))


@settings(max_examples=12)
@given(st.integers(0, 2**31))
def test_the_same_sound_gives_the_same_records_byte_for_byte(seed: int) -> None:
    items = list(programme(700, gaps=GAPS))
    expected = text(run(items, 700))
    assert text(run(items, 700, random.Random(seed))) == expected
    assert len({type(r) for r in run(items, 700)}) == 5


def test_minutes_periods_and_days_are_merges() -> None:
    items = list(programme(660, gaps=((100, 20),)))
    engine = aggregator()
    stats: dict[tuple[type, datetime], IntervalStats] = {}
    for item in items:
        engine.add(item)
    records = engine.advance(660 * RATE_HZ, 660 * RATE_HZ)
    stats |= {(type(r), r.start): engine.stats_of(r) for r in records if isinstance(r, Interval)}
    last = engine.finish(660 * RATE_HZ)
    stats |= {(type(r), r.start): engine.stats_of(r) for r in last if isinstance(r, Interval)}
    records += last
    minutes, periods, (day,) = of(MinuteSummary, records), of(PeriodSummary, records), of(DaySummary, records)
    assert [m.start for m in minutes] == [START + timedelta(minutes=k) for k in range(11)]
    assert [p.start for p in periods] == [START + timedelta(minutes=5 * k) for k in range(3)]
    whole = merged([stats[MinuteSummary, m.start] for m in minutes])
    again = summarise(whole, day.start, 86_400)
    assert {name: getattr(day, name) for name in Interval.model_fields} == dict(again)
    assert [len(p.trace) for p in periods] == [5, 5, 1]
    assert periods[0].trace[3].LAeq == minutes[3].levels.LAeq
    assert [m.quality.coverage for m in minutes[:3]] == [1.0, round(40 / 60, 5), 1.0]
    assert periods[0].quality.coverage == round(280 / 300, 5)
    assert periods[2].quality.coverage == 0.2
    assert all(m.model_id == "model-1" for m in minutes)
    assert minutes[4].affect.isop_uncertainty == 0.2


def test_a_steady_sound_has_the_levels_and_loudness_it_should() -> None:
    items: list[Item] = []
    for second in range(60):
        items += [frame(second * RATE_HZ + k * LEVEL_FRAME, 60.0) for k in range(8)]
        items.append(loudness(second * RATE_HZ, 8.0))
    (minute,) = of(MinuteSummary, run(items, 60))
    levels = minute.levels
    assert levels.LAeq == levels.LCeq == levels.LZeq == levels.LAFmax == levels.LAFmin == levels.LASmax == 60.0
    assert abs(levels.LAE - 77.78) <= 0.01
    assert levels.LCpeak == pytest.approx(66.02, abs=0.01)
    assert all(abs(v - 60) < 0.11 for v in (levels.L5, levels.L10, levels.L50, levels.L90, levels.L95))
    assert abs(minute.loudness.N5 - 8) <= 0.08 and minute.loudness.N_mean == pytest.approx(8, abs=0.001)
    assert minute.scene.reason == "no_prediction" and minute.events == {}
    (without,) = of(MinuteSummary, run(items, 60, engine=aggregator(model_id=None)))
    assert without.scene.reason == without.affect.reason == "model_unavailable"


def test_a_start_within_a_minute_is_a_part_of_it() -> None:
    clock = SampleClock(START + timedelta(seconds=42.5))
    first, second = of(MinuteSummary, run(list(programme(30)), 30, engine=aggregator(clock)))
    assert (first.start, second.start) == (START, START + timedelta(minutes=1))
    assert first.quality.coverage == round(17.5 / 60, 5) and second.quality.coverage == round(12.5 / 60, 5)


def test_lafmin_leaves_out_the_time_weighting_building_up() -> None:
    items: list[Item] = [frame(k * LEVEL_FRAME, 60, laf_min_pa2=1e-12 if k < 4 else 4e-4) for k in range(80)]
    (minute,) = of(MinuteSummary, run(items, 10))
    assert minute.levels.LAFmin == pytest.approx(60, abs=0.1)


def test_overload_and_clipping_are_counted_and_not_left_out() -> None:
    items: list[Item] = [frame(k * LEVEL_FRAME, 60) for k in range(80)]
    items[3] = frame(3 * LEVEL_FRAME, 120, n_clipped=60)
    items[4] = frame(4 * LEVEL_FRAME, 60, peak_pa=20e-6 * 10**6.1)
    basis = LevelBasis(calibrated=True, level_reference="calibrated", overload_db=120)
    (minute,) = of(MinuteSummary, run(items, 10, engine=aggregator(basis=basis)))
    assert minute.quality.overload_pct == 2.5
    assert minute.quality.clipped_pct == round(100 * 60 / (80 * LEVEL_FRAME), 4)
    assert minute.levels.LAFmax == 120.0


def test_a_long_gap_is_told_by_the_period_and_its_minutes_are_empty() -> None:
    records = run(list(programme(700, gaps=((130, 500),))), 700)
    gaps = of(GapRecord, records)
    assert [(g.start - START).total_seconds() for g in gaps] == [130, 300, 600]
    assert [g.duration_s for g in gaps] == [170, 300, 30] and {g.cause for g in gaps} == {"stall"}
    empty = of(MinuteSummary, records)[5]
    assert empty.quality.coverage == 0 and empty.levels.reason == "no_audio" and empty.levels.LAeq is None
    order = [type(r) for r in records if type(r) in (GapRecord, PeriodSummary)]
    assert order[:2] == [GapRecord, PeriodSummary], "a period comes after the gaps it holds"


def test_event_knows_its_loudest_moment_and_its_period() -> None:
    items: list[Item] = []
    for second in range(360):
        level = 75.0 if 100 <= second < 110 else 50.0
        items += [frame(second * RATE_HZ + k * LEVEL_FRAME, level) for k in range(8)]
        if second % 2 == 0 and second >= 4:
            loud = 100 < second < 114
            items.append(prediction(second * RATE_HZ, {"Vehicle": 0.9 if loud else 0.1}))
    records = run(items, 360)
    (event,) = of(SoundEvent, records)
    assert (event.onset, event.offset) == (START + timedelta(seconds=100), START + timedelta(seconds=110))
    assert event.LAFmax == 75.0 and event.peak_prob == 0.9
    assert [p.sound_events for p in of(PeriodSummary, records)] == [[event], []]
    activity = of(MinuteSummary, records)[1].events["Vehicle"]
    assert activity.active == pytest.approx(6 * 2 / 60, abs=0.001) and activity.max == 0.9


def test_a_live_minute_is_told_at_the_deadline_with_what_has_arrived() -> None:
    engine = aggregator()
    for item in programme(66):
        if not (isinstance(item, WindowPrediction) and item.end_sample > 30 * RATE_HZ):
            engine.add(item)
    assert of(MinuteSummary, engine.advance(66 * RATE_HZ, 30 * RATE_HZ)) == []
    (minute,) = of(MinuteSummary, engine.advance(66 * RATE_HZ, 60 * RATE_HZ))
    assert minute.scene.label is not None and minute.quality.coverage == 1
    engine.add(prediction(28 * RATE_HZ, {"Vehicle": 0.99}))
    late = of(MinuteSummary, engine.finish(66 * RATE_HZ))[0]
    assert late.scene.label is None and late.events == {}, "what came after its minute counts nowhere"


@pytest.mark.parametrize(("day", "minutes"), [("2026-03-29", 23 * 60), ("2026-10-25", 25 * 60)])
def test_a_day_of_the_clock_change_is_one_day(day: str, minutes: int) -> None:
    first = datetime.fromisoformat(f"{day}T00:00:00+02:00" if "-10-" in day else f"{day}T00:00:00+01:00")
    engine = aggregator(SampleClock(first - timedelta(minutes=2)), zone="Europe/Amsterdam")
    records: list[AggregateRecord] = []
    for minute in range(minutes + 4):
        engine.add(frame(minute * 60 * RATE_HZ, 55.0))
        records += engine.advance((minute + 1) * 60 * RATE_HZ, (minute + 1) * 60 * RATE_HZ)
    before, whole = of(DaySummary, records)
    assert whole.start == first and whole.duration_s == minutes * 60
    assert whole.day.date == day and whole.quality.coverage == 1 and not whole.day.partial
    assert whole.day.Lden == pytest.approx(55 + 6.4, abs=0.01)
    assert before.day.partial and before.day.Lday is None


def test_a_restart_takes_up_the_running_minute_period_and_day() -> None:
    items = list(programme(420))
    whole = run(items, 420)
    cut = 130
    first = aggregator()
    kept: dict[datetime, IntervalStats] = {}
    for item in items:
        if end_of(item) <= cut * RATE_HZ:
            first.add(item)
    for step in range(2):
        records = first.finish(cut * RATE_HZ) if step else first.advance(cut * RATE_HZ, cut * RATE_HZ)
        kept |= {r.start: first.stats_of(r) for r in records if isinstance(r, MinuteSummary)}

    def recall(start: datetime, end: datetime) -> Remembered:
        return Remembered([(at, stats) for at, stats in sorted(kept.items()) if start <= at < end])

    second = aggregator(SampleClock(START + timedelta(seconds=cut)))
    second.remember(recall)
    shifted = [item for item in programme(420) if end_of(item) > cut * RATE_HZ]
    for item in shifted:
        if not isinstance(item, WindowPrediction):
            fields = {name: getattr(item, name) for name in item.__dataclass_fields__}
            second.add(type(item)(**fields | {"start_sample": item.start_sample - cut * RATE_HZ}))
    records = second.advance((420 - cut) * RATE_HZ, 2**62) + second.finish((420 - cut) * RATE_HZ)
    resumed = {r.start: r for r in of(MinuteSummary, records)}
    minute = resumed[START + timedelta(minutes=2)]
    assert minute.quality.coverage == 1, "both runs together heard the whole minute"
    (day,) = of(DaySummary, records)
    (expected,) = of(DaySummary, whole)
    assert day.levels == expected.levels.model_copy(update={"LAFmin": day.levels.LAFmin})
    assert day.loudness == expected.loudness and day.day == expected.day
    assert of(PeriodSummary, records)[0].levels.LAeq == of(PeriodSummary, whole)[0].levels.LAeq
    assert len(of(PeriodSummary, records)[0].trace) == 5


def test_the_first_synchronisation_restamps_the_open_minute() -> None:
    wrong, right = datetime(2024, 1, 1, 0, 0, 10, tzinfo=UTC), START + timedelta(seconds=10)
    synchronised = False
    clock = LiveClock(wrong, lambda: synchronised)
    engine = aggregator(clock)
    records: list[AggregateRecord] = []
    for second, item in ((item.start_sample // RATE_HZ, item) for item in programme(200) if hasattr(item, "c_peak_pa")):
        if item.start_sample % RATE_HZ == 0:
            synchronised = second >= 90
            clock.observe(
                second * RATE_HZ, (right if synchronised else wrong) + timedelta(seconds=second), 50.0 + second
            )
        engine.add(item)
        records += engine.advance(end_of(item), end_of(item))
    minutes = of(MinuteSummary, records)
    assert [m.start for m in minutes] == [
        datetime(2024, 1, 1, tzinfo=UTC),
        START + timedelta(minutes=1),
        START + timedelta(minutes=2),
    ]
    assert [m.quality.clock for m in minutes] == ["unsynchronised", "synchronised", "synchronised"]
    assert minutes[1].quality.coverage == 1, "what was heard before the clock was right is in it"


def test_an_event_that_lasts_over_a_step_of_the_clock_keeps_its_length() -> None:
    synchronised = False
    clock = LiveClock(START, lambda: synchronised)
    engine = aggregator(clock)
    records: list[AggregateRecord] = []
    for second in range(4, 90, 2):
        synchronised = second >= 20
        clock.observe(second * RATE_HZ, START + timedelta(days=synchronised * 90, seconds=second), 50.0 + second)
        engine.add(prediction(second * RATE_HZ, {"Water": 0.9 if 10 <= second <= 40 else 0.1}))
        records += engine.advance(second * RATE_HZ, second * RATE_HZ)
    (event,) = of(SoundEvent, records)
    assert (event.offset - event.onset).total_seconds() == 30 and event.offset > START + timedelta(days=90)


def test_reporting_periods_are_aligned_to_the_hour() -> None:
    engine = aggregator(SampleClock(START + timedelta(minutes=3)), AggregateSettings(period_min=15))
    periods = of(PeriodSummary, run([frame(k * 60 * RATE_HZ) for k in range(20)], 1200, engine=engine))
    assert [p.start for p in periods] == [START, START + timedelta(minutes=15)]
    assert periods[0].duration_s == 900 and periods[0].quality.coverage == 0.8


def test_a_minute_in_which_the_calibration_changed_is_trusted_as_its_worst_part() -> None:
    engine = aggregator()
    records: list[AggregateRecord] = []
    for second in range(180):
        if second == 90:
            engine.rest_on(LevelBasis(calibrated=False, level_reference="assumed"))
        if second == 150:
            engine.rest_on(LevelBasis(calibrated=True, level_reference="calibrated"))
        engine.add(frame(second * RATE_HZ))
        records += engine.advance((second + 1) * RATE_HZ, (second + 1) * RATE_HZ)
    qualities = [m.quality for m in of(MinuteSummary, records)]
    assert [q.calibrated for q in qualities] == [True, False, False]
    assert [q.level_reference for q in qualities] == ["calibrated", "assumed", "assumed"]
