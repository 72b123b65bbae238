"""The stage `narrate`: summaries in, captions and digests out."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from monitor.app.health import Vitals
from monitor.app.recorder import Recorder
from monitor.app.stages import Channel
from monitor.narrate.narrator import Narrator, Spend
from monitor.publish.contract.messages import span_of_day
from monitor.publish.contract.payloads import Digest
from monitor.records import Caption, DaySummary, PeriodSummary, Usual
from monitor.settings import Settings
from monitor.store.database import DatabaseError

log = logging.getLogger(__name__)
AT_ONCE = timedelta(hours=1)
"""Of a day's periods read from the history."""

Told = PeriodSummary | DaySummary
"""What is put into words."""


class Narrating:
    """Puts summaries into words; for a file in the thread that summarises, so that the order of records is fixed."""

    def __init__(self, narrator: Narrator, recorder: Recorder, vitals: Vitals, settings: Settings) -> None:
        self._narrator, self._recorder, self._vitals = narrator, recorder, vitals
        self._digest = settings.narrate.digest

    def run(self, inbox: Channel[Told], aborted: Callable[[], bool]) -> None:
        """Tell whatever comes until the channel ends."""
        while not (aborted() or inbox.ended):
            if (summary := inbox.get()) is not None:
                self.tell(summary, hurried=inbox.depth() > 1)
            self._recorder.tend()

    def tell(self, summary: Told, *, hurried: bool = False) -> None:
        """Put one summary into words and record them; hurried: by template, since others wait."""
        if isinstance(summary, PeriodSummary):
            caption = self._narrator.narrate(summary, self._usual(summary), hurried=hurried)
            self._recorder.record(caption, summary.quality)
        else:
            told = self._of_day(summary, hurried) if self._digest else None
            self._recorder.record(Digest(summary=summary, caption=told), summary.quality)
        self._vitals.captions_rejected = self._narrator.rejections

    def _usual(self, period: PeriodSummary) -> Usual | None:
        try:
            return self._recorder.history.usual(period.start)
        except DatabaseError as error:
            log.warning("history.unreadable", extra={"error": str(error)})
            return None

    def _of_day(self, day: DaySummary, hurried: bool) -> Caption:
        try:
            return self._narrator.digest(day, self._periods(day), hurried=hurried)
        except DatabaseError as error:
            log.warning("history.unreadable", extra={"error": str(error)})
            return self._narrator.digest(day, (), hurried=hurried)

    def _periods(self, day: DaySummary) -> Iterator[PeriodSummary]:
        """Yield the periods of a day, of which an hour at most is in memory: a whole day would take 10 MB."""
        start, end = span_of_day(day)
        while start < end:
            upto = min(start + AT_ONCE, end)
            yield from self._recorder.history.periods(start, upto)
            start = upto


def spent(spend: Spend) -> str:
    """Return what the language model cost today, for people; nothing before it was asked."""
    tokens = spend.tokens_in + spend.tokens_out
    price = "" if spend.price is None else f", {spend.price:.2f}"
    return f" ({tokens} tokens today{price})" if spend.asked else ""
