"""What the stage `summarise` tells, of minutes cut short too, and when the live view is looked at."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.aggregate.alerts import AlertRules
from monitor.aggregate.live import LiveView
from monitor.app.health import Vitals
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel, Observations
from monitor.app.summarising import Summarising
from monitor.clock import SampleClock
from monitor.publish.contract.messages import Durable
from monitor.records import Alert, MinuteSummary, PeriodSummary
from monitor.settings import AggregateSettings, AlertRule
from monitor.store.draft import DraftFile
from monitor.store.history import History
from monitor.types import LEVEL_FRAME, RATE_HZ
from tests.aggregate.observations import START, aggregator, frame

BLOCK = RATE_HZ // 10


def summarising(
    state: Path,
    told: list[Durable],
    *,
    begun: datetime = START,
    rules: Sequence[AlertRule] = (),
    look: Callable[[LiveView, int], None] = lambda view, now: None,
) -> Summarising:
    """Return the stage of a live node, started at a time, with its state in a folder."""
    history = History(state / "history.db", AggregateSettings(), "UTC")
    engine = aggregator(SampleClock(begun))
    engine.remember(history.recall)
    return Summarising(
        engine,
        AlertRules(rules, "UTC"),
        Recorder(history, None, None, told.append, Vitals()),
        LiveView(),
        live=True,
        predicting=False,
        basis=lambda: None,
        tell=lambda telling: None,
        look=look,
        drafts=DraftFile(state / "minute.draft"),
    )


def hear(stage: Summarising, seconds: int, *, killed: bool = False, level_db: float = 50.0) -> None:
    """Let a stage hear so many seconds, to an orderly end or not."""
    aborted = threading.Event()
    inbox: Channel[Observations] = Channel(10 * seconds + 1, aborted)
    for second in range(seconds):
        frames = tuple(frame(second * RATE_HZ + k * LEVEL_FRAME, level_db) for k in range(8))
        inbox.put(Observations(frames, heard_to=(second + 1) * RATE_HZ))
    inbox.end()
    if killed:  # every bit of it was heard when the end came: nothing is finished
        stage.run(inbox, lambda: inbox.ended)
    else:
        stage.run(inbox, aborted.is_set)


def test_a_killed_node_loses_the_last_seconds_and_the_next_one_tells_the_rest_once(tmp_path: Path) -> None:
    hear(summarising(tmp_path, []), 103, killed=True)
    told: list[Durable] = []
    hear(summarising(tmp_path, told, begun=START + timedelta(seconds=108)), 0, killed=True)
    assert [type(record) for record in told] == [MinuteSummary, PeriodSummary]
    assert told[0].start == START + timedelta(minutes=1)
    assert told[0].quality.coverage == pytest.approx(40 / 60, abs=0.001)
    assert told[1].quality.coverage == pytest.approx(100 / 300, abs=0.001)
    told.clear()
    hear(summarising(tmp_path, told, begun=START + timedelta(seconds=108)), 0, killed=True)
    assert told == [], "killed once more before it heard anything: the minute was told"
    hear(summarising(tmp_path, told, begun=START + timedelta(seconds=110)), 12)
    minutes = [record for record in told if isinstance(record, MinuteSummary)]
    assert [m.quality.coverage for m in minutes] == pytest.approx([(40 + 10) / 60, 2 / 60], abs=0.001)
    assert not (tmp_path / "minute.draft").exists(), "an orderly end leaves no draft"
    history = History(tmp_path / "history.db", AggregateSettings(), "UTC")
    assert history.stats(START, START + timedelta(days=1)).frames == (100 + 12) * 8


def test_an_alert_raised_before_a_kill_is_cleared_after_it_and_not_raised_again(tmp_path: Path) -> None:
    rules = [AlertRule(name="loud", above=45, for_min=1, cooldown_min=0)]
    told: list[Durable] = []

    def alerts() -> list[str]:
        return [f"{alert.state} {alert.at:%H:%M}" for alert in told if isinstance(alert, Alert)]

    hear(summarising(tmp_path, told, rules=rules), 61, killed=True)
    assert alerts() == [f"raised {START + timedelta(minutes=1):%H:%M}"]
    told.clear()
    hear(summarising(tmp_path, told, begun=START + timedelta(minutes=5), rules=rules), 61, killed=True)
    assert alerts() == []
    hear(summarising(tmp_path, told, begun=START + timedelta(minutes=10), rules=rules), 61, level_db=40.0)
    assert alerts() == [f"cleared {START + timedelta(minutes=11):%H:%M}"]


def test_kills_in_every_second_of_a_minute_lose_five_seconds_each_at_most(tmp_path: Path) -> None:
    for seconds in range(1, 75, 4):
        state = tmp_path / str(seconds)
        hear(summarising(state, []), seconds, killed=True)
        hear(summarising(state, [], begun=START + timedelta(minutes=9)), 0, killed=True)
        kept = History(state / "history.db", AggregateSettings(), "UTC").stats(START, START + timedelta(hours=1))
        assert seconds - 5 < kept.frames / 8 <= seconds, seconds


def test_the_first_level_is_looked_at_and_then_every_whole_second(tmp_path: Path) -> None:
    aborted = threading.Event()
    inbox: Channel[Observations] = Channel(1000, aborted)
    seen: list[tuple[int, float]] = []

    def look(view: LiveView, now: int) -> None:
        seen.append((now, view.values(now)["quality"].coverage))

    told = 0
    for block in range(1, 631):
        frames = [frame(start) for start in range(told, block * BLOCK - LEVEL_FRAME + 1, LEVEL_FRAME)]
        told += LEVEL_FRAME * len(frames)
        inbox.put(Observations(tuple(frames), heard_to=told, inferred_to=told))
    inbox.end()
    summarising(tmp_path, [], look=look).run(inbox, aborted.is_set)
    assert [now for now, _ in seen] == [LEVEL_FRAME, *range(RATE_HZ, 63 * RATE_HZ + 1, RATE_HZ)]
    assert all(coverage == 1 for _, coverage in seen)
