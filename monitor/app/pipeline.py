"""The wiring of the node: sound in, records out. The only place where the stages meet."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from monitor.aggregate.aggregator import Aggregator
from monitor.aggregate.alerts import AlertRules
from monitor.aggregate.live import LiveView
from monitor.aggregate.summary import LevelBasis
from monitor.app.health import Vitals
from monitor.app.hop import HopControl
from monitor.app.listening import Listening
from monitor.app.narrating import Narrating, Told
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel, Observations, Stage
from monitor.app.summarising import Summarising
from monitor.clock import SampleClock
from monitor.dsp.hearing import Hearing
from monitor.model.predictor import Predictor
from monitor.narrate.narrator import Narrator
from monitor.settings import Settings
from monitor.sources.contract import Source
from monitor.store.draft import DraftFile
from monitor.types import RATE_HZ

log = logging.getLogger(__name__)

OBSERVATIONS = 600
"""Messages between hearing and summarising: a minute of sound in blocks of 100 ms."""
TELLINGS = 3
"""Summaries that wait for words; while more than one waits they are told by template."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline is made of; `recorder` makes one for the thread that calls it."""

    settings: Settings
    source: Source
    hearing: Hearing
    predictor: Predictor | None
    aggregator: Aggregator
    clock: SampleClock
    narrator: Narrator
    view: LiveView
    vitals: Vitals
    recorder: Callable[[], Recorder]
    basis: Callable[[], LevelBasis | None]
    look: Callable[[LiveView, int], None]
    drafts: DraftFile | None = None
    duration_s: float | None = None


class Pipeline:
    """Runs the stages in their threads until the source ends, `stop` is called, or one of them fails."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = threading.Event()
        self._aborted = threading.Event()
        self._failure: tuple[str, BaseException] | None = None
        self._observations: Channel[Observations] = Channel(OBSERVATIONS, self._aborted)
        self._tellings: Channel[Told] = Channel(TELLINGS, self._aborted)
        model = parts.settings.model
        self._listening = Listening(
            parts.source,
            parts.hearing,
            parts.predictor,
            parts.clock,
            self._observations,
            parts.vitals,
            stopping=self._stopping.is_set,
            aborted=self._aborted.is_set,
            until=None if parts.duration_s is None else round(parts.duration_s * RATE_HZ),
            hop=HopControl(model.hop_s, adaptive=model.adapt_hop and parts.source.live),
        )
        parts.vitals.hop_s = parts.vitals.default_hop_s = model.hop_s
        parts.vitals.queues |= {
            "inference": self._listening.inbox.depth,
            "observations": self._observations.depth,
            "narration": self._tellings.depth,
        }
        self._narrating: Narrating | None = None
        bodies = {"hear": self._listening.hear, "infer": self._infer, "summarise": self._summarise}
        if parts.source.live:
            bodies["narrate"] = self._narrate
        self._stages = [Stage(name, body, self._fail) for name, body in bodies.items()]

    def start(self) -> None:
        """Start all stages."""
        for stage in self._stages:
            stage.start()

    def stop(self) -> None:
        """Ask for the end: hearing ceases, what was heard is told, by template since it hurries."""
        self._stopping.set()
        self._parts.narrator.give_up()

    def abort(self) -> None:
        """Let everything go at once."""
        self.stop()
        self._aborted.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; return False when it has not come within the timeout."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for stage in self._stages:
            stage.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not self.running

    @property
    def running(self) -> bool:
        """True while any stage runs."""
        return any(stage.is_alive() for stage in self._stages)

    @property
    def failure(self) -> tuple[str, BaseException] | None:
        """The stage that failed first, and how."""
        return self._failure

    def _fail(self, stage: str, error: BaseException) -> None:
        if self._failure is None:
            self._failure = (stage, error)
        self.abort()

    def _infer(self) -> None:
        self._listening.infer()
        self._observations.end()

    def _summarise(self) -> None:
        parts = self._parts
        recorder = parts.recorder()
        live = parts.source.live
        inline = None if live else Narrating(parts.narrator, recorder, parts.vitals, parts.settings)
        Summarising(
            parts.aggregator,
            AlertRules(parts.settings.alerts.rules, parts.settings.node.time_zone),
            recorder,
            parts.view,
            live=live,
            predicting=parts.predictor is not None,
            basis=parts.basis,
            tell=self._tellings.put if inline is None else inline.tell,
            look=parts.look,
            drafts=parts.drafts,
        ).run(self._observations, self._aborted.is_set)
        self._tellings.end()

    def _narrate(self) -> None:
        parts = self._parts
        narrating = Narrating(parts.narrator, parts.recorder(), parts.vitals, parts.settings)
        narrating.run(self._tellings, self._aborted.is_set)
