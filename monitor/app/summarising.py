"""The stage `summarise`: observations in; events, minutes, periods, days, alerts and the live view out."""

import logging
from collections.abc import Callable

from monitor.aggregate.aggregator import AggregateRecord, Aggregator
from monitor.aggregate.alerts import AlertRules
from monitor.aggregate.live import LiveView
from monitor.aggregate.summary import LevelBasis
from monitor.app.narrating import Told
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel, Observations
from monitor.records import Alert, DaySummary, GapRecord, Interval, MinuteSummary, PeriodSummary, Quality
from monitor.store.database import DatabaseError
from monitor.store.draft import DraftFile
from monitor.types import LEVEL_FRAME, RATE_HZ

log = logging.getLogger(__name__)

PATIENCE = 10 * RATE_HZ
"""Live, a minute waits so long for the network (samples); then it is told with what there is."""
EVER = 2**62
DRAFT = 5 * RATE_HZ
"""Samples between two drafts of the open minute: what a kill costs at most."""


class Summarising:
    """Owns the aggregation; `tell` takes what is to be put into words.

    `look` is called at the first level, and then at every whole second of sound, which makes its minutes whole. `basis`
    says what levels rest on when that has changed, else None. `drafts` keeps the open minute, should the process be
    killed.
    """

    def __init__(
        self,
        aggregator: Aggregator,
        alerts: AlertRules,
        recorder: Recorder,
        view: LiveView,
        *,
        live: bool,
        predicting: bool,
        basis: Callable[[], LevelBasis | None],
        tell: Callable[[Told], None],
        look: Callable[[LiveView, int], None],
        drafts: DraftFile | None = None,
    ) -> None:
        self._aggregator, self._alerts, self._recorder, self._view = aggregator, alerts, recorder, view
        self._live, self._basis, self._tell, self._look = live, basis, tell, look
        self._drafts, self._draft_at = drafts, DRAFT
        self._heard_to = 0
        self._inferred_to = 0 if predicting else EVER
        self._look_at = LEVEL_FRAME
        self._quality: Quality | None = None

    def run(self, inbox: Channel[Observations], aborted: Callable[[], bool]) -> None:
        """Take up alerts and what a killed run had open; take observations to the channel's end; close what is open."""
        if self._drafts is not None:
            self._alerts.remember(self._told_alerts())
            self._give(self._aggregator.resume(self._drafts.read()))
        while not (aborted() or inbox.ended):
            if (seen := inbox.get()) is not None:
                self._take(seen)
        if not aborted():
            self._give(self._aggregator.finish(self._heard_to))
            if self._drafts is not None:
                self._drafts.remove()

    def _told_alerts(self) -> list[Alert]:
        try:
            return self._recorder.history.recent_alerts()
        except DatabaseError as error:
            log.error("alerts.forgotten", extra={"error": str(error)})
            return []

    def _take(self, seen: Observations) -> None:
        if (basis := self._basis()) is not None:
            self._aggregator.rest_on(basis)
            self._view.rest_on(basis)
        for item in seen.items:
            self._aggregator.add(item)
            self._view.add(item)
        if seen.heard_to is not None:
            self._heard_to = max(self._heard_to, seen.heard_to)
        if seen.inferred_to is not None:
            self._inferred_to = max(self._inferred_to, seen.inferred_to)
        if self._live:
            self._inferred_to = max(self._inferred_to, self._heard_to - PATIENCE)
        records = self._aggregator.advance(self._heard_to, self._inferred_to)
        self._give(records)
        if self._drafts is not None and (self._heard_to >= self._draft_at or _minute_in(records)):
            self._draft_at = self._heard_to + DRAFT
            self._drafts.write(self._aggregator.draft(self._heard_to))
        if self._heard_to >= self._look_at:
            self._look_at = (self._heard_to // RATE_HZ + 1) * RATE_HZ
            self._look(self._view, self._heard_to)
            self._recorder.tend()

    def _give(self, records: list[AggregateRecord]) -> None:
        for record in records:
            if isinstance(record, GapRecord) and record.cause == "alignment":
                continue  # successive files are parted, nothing was lost
            if not isinstance(record, Interval):
                self._recorder.record(record, self._quality)
                continue
            self._quality = record.quality
            stats = self._aggregator.stats_of(record)
            if isinstance(record, DaySummary):
                self._recorder.keep(record, stats)
                self._tell(record)
                continue
            assert isinstance(record, MinuteSummary | PeriodSummary)
            self._recorder.record(record, record.quality, stats)
            if isinstance(record, MinuteSummary):
                for alert in self._alerts.judge(record):
                    self._recorder.record(alert, record.quality)
            else:
                self._tell(record)


def _minute_in(records: list[AggregateRecord]) -> bool:
    return any(isinstance(record, MinuteSummary) for record in records)
