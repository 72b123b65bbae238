"""Facts: closed, stable, and with words for what is missing."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from benchmarks.captions import summaries
from monitor.narrate.answer import AnswerError, parse
from monitor.narrate.facts.bands import agreement, level_band
from monitor.narrate.facts.build import facts
from monitor.narrate.facts.daylight import light, sun_elevation
from monitor.records import DaySummary, EventActivity, PeriodSummary, TracePoint, Usual
from monitor.settings import NodeSettings

NODE = NodeSettings(time_zone="Europe/Amsterdam")


def _with(period: PeriodSummary, **events: tuple[float, float, float]) -> PeriodSummary:
    silent = {label: EventActivity(mean=0, max=0, active=0) for label in period.events}
    heard = {name: EventActivity(mean=m, max=x, active=a) for name, (m, x, a) in events.items()}
    return period.model_copy(update={"events": silent | heard})


def _whole(seed: int = 1) -> PeriodSummary:
    return next(
        period
        for number in range(seed, seed + 50)
        if (period := summaries.period(Random(number))).events and period.quality.coverage > 0
    )


def test_the_identity_of_the_facts_is_that_of_their_content() -> None:
    period = _whole()
    assert facts(period, node=NODE) == facts(period, node=NODE)
    louder = period.model_copy(update={"levels": period.levels.model_copy(update={"LAeq": 81.0})})
    assert facts(louder, node=NODE).facts_id != facts(period, node=NODE).facts_id


def test_lower_thresholds_are_tried_before_nothing_is_said() -> None:
    period = _whole()
    limits = {"Bird": 0.4}
    assert [s.certainty for s in facts(_with(period, Bird=(0.1, 0.5, 0.5)), node=NODE, thresholds=limits).sounds] == [
        "likely"
    ]
    relaxed = facts(_with(period, Bird=(0.31, 0.35, 0.0)), node=NODE, thresholds=limits).sounds
    assert [(s.certainty, s.share) for s in relaxed] == [("possible", None)]
    empty = facts(_with(period, Bird=(0.1, 0.15, 0.0)), node=NODE, thresholds=limits)
    assert empty.sounds == ()
    assert any(fact.text == "No particular sound stood out" for fact in empty.facts)


@pytest.mark.parametrize(
    ("paq", "word"),
    [(1.5, "strongly disagree"), (2.5, "disagree"), (3.5, "neutral"), (4.5, "agree"), (4.6, "strongly agree")],
)
def test_bands_of_perceived_qualities_are_the_published_ones(paq: float, word: str) -> None:
    assert agreement(paq) == word


def test_bands_of_level() -> None:
    assert [level_band(x) for x in (39.9, 40, 50, 65, 75, None)] == [
        "very quiet",
        "quiet",
        "moderate",
        "loud",
        "very loud",
        None,
    ]


def test_usual_needs_days_and_a_real_difference() -> None:
    period = _whole()
    level = period.levels.model_copy(update={"LAeq": 60.0})
    period = period.model_copy(update={"levels": level})

    def versus(median: float, days: int) -> str | None:
        usual = Usual(
            local_hour=1, n_days=days, LAeq_median=median, LAeq_p10=median - 2, LAeq_p90=median + 2, N5_median=None
        )
        return facts(period, node=NODE, usual=usual).level.versus

    assert versus(50, 2) is None
    assert [versus(m, 9) for m in (50, 55, 59, 65, 70.5)] == [
        "much louder",
        "louder",
        "usual",
        "quieter",
        "much quieter",
    ]


def test_a_turn_within_the_period_is_told_with_its_minute() -> None:
    start = datetime(2025, 6, 21, 15, 35, tzinfo=UTC)
    feelings = [(0.4, -0.4)] * 3 + [(-0.4, 0.4)] * 2
    trace = [
        TracePoint(start=start + timedelta(minutes=i), LAeq=55.0, N5=8.0, isop=p, isoe=e, scene="park")
        for i, (p, e) in enumerate(feelings)
    ]
    period = _whole().model_copy(update={"start": start, "trace": trace, "duration_s": 300})
    period = period.model_copy(update={"quality": period.quality.model_copy(update={"clock": "synchronised"})})
    period = _with(period, Bird=(0.9, 0.9, 1.0))
    (change,) = facts(period, node=NODE).changes
    assert (change.before, change.after, change.at.clock) == ("calm", "chaotic", "17:38")


def test_without_any_audio_there_is_one_thing_to_say() -> None:
    period = _whole()
    silent = period.model_copy(update={"quality": period.quality.model_copy(update={"coverage": 0.0})})
    sheet = facts(silent, node=NODE)
    assert sheet.empty
    assert sheet.facts[-1].text == "No sound was recorded in this time"
    assert not any(fact.topic in ("sound", "level", "affect") for fact in sheet.facts)


@pytest.mark.parametrize("field", ["overload_pct", "clipped_pct"])
def test_any_overload_is_told(field: str) -> None:
    period = _whole()
    for pct, told in ((0.0, 0), (0.003, 1), (1.0, 1), (1.2, 2)):
        quality = period.quality.model_copy(update={"overload_pct": 0.0, "clipped_pct": 0.0, field: pct})
        sheet = facts(period.model_copy(update={"quality": quality}), node=NODE)
        assert sheet.trust.overload_pct == told
        assert ("quality.overload" in {fact.id for fact in sheet.facts}) == (pct > 0)


def _day() -> tuple[DaySummary, list[PeriodSummary]]:
    """Return a day whose hours are all whole, all sounds in them clear."""
    day, periods = summaries.day(Random(5))
    clear = {"Bird": EventActivity(mean=0.8, max=0.95, active=0.9)}
    return day, [
        period.model_copy(
            update={"events": clear, "quality": period.quality.model_copy(update={"coverage": 1.0, "calibrated": True})}
        )
        for period in periods
    ]


def test_an_hour_heard_for_less_than_half_is_neither_the_loudest_nor_the_quietest_nor_the_calmest() -> None:
    day, periods = _day()
    whole = facts(day, node=NODE, periods=periods).extremes
    assert {extreme.what for extreme in whole} == {"loudest", "quietest", "calmest"}
    for extreme in whole:
        hour = round(extreme.start.offset_s / 3600)
        scrap = periods[hour].model_copy(
            update={"quality": periods[hour].quality.model_copy(update={"coverage": 0.49})}
        )
        told = facts(day, node=NODE, periods=[*periods[:hour], scrap, *periods[hour + 1 :]]).extremes
        assert not any(other.start.clock == extreme.start.clock for other in told)


def test_a_part_of_a_day_is_told_with_its_clear_sounds_only() -> None:
    day, periods = _day()
    for peak, sounds in ((0.8, ("Bird",)), (0.79, ())):
        heard = {"Bird": EventActivity(mean=0.5, max=peak, active=0.9)}
        parts = facts(day, node=NODE, periods=[p.model_copy(update={"events": heard}) for p in periods]).parts
        assert {part.sounds for part in parts} == {sounds}


def test_local_times_survive_the_change_to_winter_time() -> None:
    period = _whole()
    for start, told in (("2025-10-26T00:55:00+00:00", "02:55"), ("2025-10-26T01:00:00+00:00", "02:00")):
        moved = period.model_copy(
            update={
                "start": datetime.fromisoformat(start),
                "quality": period.quality.model_copy(update={"clock": "synchronised"}),
            }
        )
        when = facts(moved, node=NODE).when
        assert when is not None and when.start == told


def test_the_sun_stands_where_almanacs_say() -> None:
    noon = datetime(2025, 6, 21, 11, 42, tzinfo=UTC)  # solar noon in Amsterdam at the solstice: 61.1 degrees
    assert sun_elevation(noon, 52.37, 4.9) == pytest.approx(61.1, abs=0.5)
    assert light(datetime(2025, 6, 21, 23, 40, tzinfo=UTC), 52.37, 4.9) == "dark"
    assert light(noon, 52.37, 4.9) == "daylight"
    assert light(noon, None, None) is None


@pytest.mark.parametrize(
    "content",
    [
        '{"headline": "Calm", "caption": "It was calm. It was quiet."}',
        '```json\n{"headline": "Calm.", "caption": "It was  calm.\\nIt was quiet."}\n```',
        '<think>hm {</think>Here: {"headline": "Calm", "caption": "It was calm. It was quiet."}',
        f"<think>{'hm ' * 5000}</think>Headline: Calm\nCaption: It was calm. It was quiet.",
        "Headline: Calm\n\nCaption: It was calm. It was quiet.",
        "Here it is.\n\nHEADLINE : Calm.\nCaption: It was calm.\nIt was quiet.",
    ],
)
def test_answers_are_read_in_any_wrapping(content: str) -> None:
    answer = parse(content)
    assert (answer.headline, answer.caption) == ("Calm", "It was calm. It was quiet.")


@pytest.mark.parametrize(
    "content",
    [None, "", "  ", "[1]", '{"headline": "x"', '{"headline": 1, "caption": "x"}', "x" * 5000, "<think>hm</think>"],
)
def test_answers_without_a_caption_are_refused(content: str | None) -> None:
    with pytest.raises(AnswerError):
        parse(content)
