"""Alert rules: raised once, cleared once, within their hours, quiet while cooling down."""

from datetime import UTC, datetime, time, timedelta

from monitor.aggregate.alerts import AlertRules
from monitor.records import (
    Affect,
    Alert,
    EventActivity,
    Levels,
    Loudness,
    MinuteSummary,
    Quality,
    Scene,
)
from monitor.settings import AlertRule

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def minute(index: int, laeq: float | None, bird: float = 0.0, start: datetime = START) -> MinuteSummary:
    none = dict.fromkeys(
        ["LCeq", "LZeq", "LAE", "LAFmax", "LAFmin", "LASmax", "LCpeak", "L5", "L10", "L50", "L90", "L95"]
    )
    return MinuteSummary(
        start=start + timedelta(minutes=index),
        duration_s=60,
        levels=Levels.model_validate({"LAeq": laeq, **none}),
        loudness=Loudness.model_validate(dict.fromkeys(["N5", "N10", "N50", "N90", "N_mean", "N_max"])),
        scene=Scene(label=None, prob={}),
        events={"Bird": EventActivity(mean=bird, max=bird, active=0)},
        affect=Affect(isop=None, isoe=None),
        quality=Quality(calibrated=True, level_reference="calibrated", coverage=1, clipped_pct=0),
        model_id=None,
    )


def judge(
    rule: AlertRule, levels: list[float | None], zone: str = "UTC", start: datetime = START
) -> list[tuple[int, str]]:
    rules = AlertRules([rule], zone)
    return [(i, a.state) for i, laeq in enumerate(levels) for a in rules.judge(minute(i, laeq, start=start))]


def test_a_level_must_last_and_is_told_once() -> None:
    rule = AlertRule(name="loud", above=60, for_min=2, cooldown_min=0)
    assert judge(rule, [61, 59, 61, 61, 62, 63, 59, 50]) == [(3, "raised"), (6, "cleared")]


def test_cooldown_keeps_quiet() -> None:
    rule = AlertRule(name="loud", above=60, for_min=1, cooldown_min=3)
    assert judge(rule, [61, 50, 61, 61, 50, 61]) == [(0, "raised"), (1, "cleared"), (5, "raised")]


def test_unknown_minutes_change_nothing() -> None:
    rule = AlertRule(name="loud", above=60, for_min=2, cooldown_min=0)
    assert judge(rule, [61, None, 61, None, None, 59]) == [(2, "raised"), (5, "cleared")]


def test_hours_may_cross_midnight_in_local_time() -> None:
    rule = AlertRule(name="night", above=50, from_time=time(23), to_time=time(7), cooldown_min=0)
    start = datetime(2026, 6, 1, 20, 58, tzinfo=UTC)  # 22:58 in Amsterdam
    assert judge(rule, [60, 60, 60, 60], "Europe/Amsterdam", start) == [(2, "raised")]


def test_it_says_why_it_ended_and_whether_the_level_is_relative() -> None:
    rules = AlertRules([AlertRule(name="noon", above=50, to_time=time(12, 1), cooldown_min=0)], "UTC")
    loud = minute(0, 60.04)
    relative = loud.model_copy(update={"quality": loud.quality.model_copy(update={"calibrated": False})})
    told = [alert.text for one in (relative, minute(1, 61)) for alert in rules.judge(one)]
    assert told == [
        "LAeq 60.0 dB(A), above 50 for 1 min (uncalibrated: relative)",
        "LAeq 61.0 dB(A), the hours of the rule are over",
    ]


def test_after_a_restart_what_was_raised_is_cleared_once_and_cooldown_goes_on() -> None:
    rule = AlertRule(name="loud", above=60, for_min=1, cooldown_min=3)
    levels: list[float | None] = [61, 61, 50, 61, 61, 61, 61, 50, 50, 61, 50, 61]
    whole = [(0, "raised"), (2, "cleared"), (6, "raised"), (7, "cleared"), (11, "raised")]
    assert judge(rule, levels) == whole
    for restart in range(1, len(levels)):
        told: list[tuple[int, Alert]] = []
        for span in (range(restart), range(restart, len(levels))):
            rules = AlertRules([rule], "UTC")
            rules.remember([alert for _, alert in told])
            told += [(index, alert) for index in span for alert in rules.judge(minute(index, levels[index]))]
        assert [(index, alert.state) for index, alert in told] == whole, restart


def test_an_event_rule_reads_the_event() -> None:
    rules = AlertRules([AlertRule(name="birds", quantity="event", event="Bird", above=0.5)], "UTC")
    alerts: list[Alert] = [*rules.judge(minute(0, 40, bird=0.4)), *rules.judge(minute(1, 40, bird=0.7))]
    assert [a.state for a in alerts] == ["raised"]
    assert alerts[0].value == 0.7 and alerts[0].text == "Bird 0.70 probability, above 0.5 for 1 min"
