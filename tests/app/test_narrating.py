"""The stage that puts summaries into words keeps pace: while others wait it does not ask."""

import threading
from types import SimpleNamespace
from typing import Any, cast

from monitor.app.narrating import Narrating, Told
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel
from monitor.narrate.narrator import Narrator
from monitor.publish.contract.examples import examples
from monitor.settings import Settings


class Slow:
    """A narrator that notes whether it may ask."""

    rejections = 0

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def narrate(self, *_: Any, hurried: bool) -> None:
        self.asked.append(not hurried)


def test_while_more_than_one_summary_waits_they_are_told_by_template() -> None:
    period = cast(Any, examples()["period"]).result
    inbox: Channel[Told] = Channel(3, threading.Event())
    for _ in range(3):
        inbox.put(period)
    inbox.end()
    narrator, vitals = Slow(), cast(Any, SimpleNamespace())
    history = SimpleNamespace(usual=lambda start: None)
    recorder = SimpleNamespace(history=history, record=lambda *_: None, tend=lambda: None)
    Narrating(cast(Narrator, narrator), cast(Recorder, recorder), vitals, Settings()).run(inbox, lambda: False)
    assert narrator.asked == [False, True, True]
