"""The live view is looked at with the first level, and then at whole seconds, where its minute is a whole one."""

import threading
from pathlib import Path

from monitor.aggregate.alerts import AlertRules
from monitor.aggregate.live import LiveView
from monitor.app.health import Vitals
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel, Observations
from monitor.app.summarising import Summarising
from monitor.settings import AggregateSettings
from monitor.store.history import History
from monitor.types import LEVEL_FRAME, RATE_HZ
from tests.aggregate.observations import aggregator, frame

BLOCK = RATE_HZ // 10


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
    history = History(tmp_path / "history.db", AggregateSettings(), "UTC")
    Summarising(
        aggregator(),
        AlertRules((), "UTC"),
        Recorder(history, None, None, lambda record: None, Vitals()),
        LiveView(),
        live=True,
        predicting=False,
        basis=lambda: None,
        tell=lambda telling: None,
        look=look,
    ).run(inbox, aborted.is_set)
    assert [now for now, _ in seen] == [LEVEL_FRAME, *range(RATE_HZ, 63 * RATE_HZ + 1, RATE_HZ)]
    assert all(coverage == 1 for _, coverage in seen)
