"""Alerts: the operator's rules, judged on every minute."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.records import Alert, MinuteSummary
from monitor.settings import AlertRule

UNITS = {"LAeq": "dB(A)", "LAFmax": "dB(A)", "LCpeak": "dB(C)", "L90": "dB(A)", "N5": "sone", "event": "probability"}


@dataclass(slots=True)
class _State:
    above: int = 0
    raised: bool = False
    quiet_until: datetime | None = None


class AlertRules:
    """Judges each minute against the rules: raised after `for_min` minutes above, cleared by the first one that is not.

    A minute without the quantity (nothing heard, under range) neither raises nor clears.
    """

    def __init__(self, rules: Sequence[AlertRule], time_zone: str) -> None:
        self._rules = [(rule, _State()) for rule in rules]
        self._zone = ZoneInfo(time_zone)

    def remember(self, told: Iterable[Alert]) -> None:
        """Take up what earlier runs told, oldest first: what is raised still is cleared, and not raised twice."""
        states = {rule.name: (rule, state) for rule, state in self._rules}
        for alert in told:
            if alert.rule in states:
                rule, state = states[alert.rule]
                state.raised = alert.state == "raised"
                state.quiet_until = None if state.raised else alert.at + timedelta(minutes=rule.cooldown_min)

    def judge(self, minute: MinuteSummary) -> Iterator[Alert]:
        """Yield what a minute raises or clears, in the order of the rules."""
        end = minute.start + timedelta(seconds=minute.duration_s)
        for rule, state in self._rules:
            value = _value(rule, minute)
            holds = _within(minute.start.astimezone(self._zone).time(), rule.from_time, rule.to_time)
            if holds and value is None:
                continue
            above = holds and value is not None and value > rule.above
            state.above = state.above + 1 if above else 0
            cooling = state.quiet_until is not None and minute.start < state.quiet_until
            if not state.raised and state.above >= rule.for_min and not cooling:
                state.raised = True
                yield _alert(rule, "raised", end, value, _raised(rule, minute))
            elif state.raised and not above:
                state.raised = False
                state.quiet_until = end + timedelta(minutes=rule.cooldown_min)
                ended = f"no longer above {rule.above:g}" if holds else "the hours of the rule are over"
                yield _alert(rule, "cleared", end, value, ended)


def _value(rule: AlertRule, minute: MinuteSummary) -> float | None:
    if rule.event is not None:
        activity = minute.events.get(rule.event)
        return None if activity is None else activity.mean
    record = minute.loudness if rule.quantity == "N5" else minute.levels
    value: float | None = getattr(record, rule.quantity)
    return value


def _within(now: time, start: time, end: time) -> bool:
    if start == end:
        return True
    return start <= now < end if start < end else now >= start or now < end


def _raised(rule: AlertRule, minute: MinuteSummary) -> str:
    """Say what came true, and whether the level can be held against a limit."""
    relative = rule.quantity != "event" and not minute.quality.calibrated
    return f"above {rule.above:g} for {rule.for_min} min{' (uncalibrated: relative)' if relative else ''}"


def _alert(rule: AlertRule, state: Literal["raised", "cleared"], at: datetime, value: float | None, why: str) -> Alert:
    what = rule.event if rule.event is not None else rule.quantity
    unit = UNITS[rule.quantity]
    shown = "unknown" if value is None else f"{value:.2f}" if rule.quantity == "event" else f"{value:.1f}"
    text = f"{what} {shown} {unit}, {why}"
    return Alert(rule=rule.name, state=state, at=at, value=value, threshold=rule.above, unit=unit, text=text)
