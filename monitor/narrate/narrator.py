"""The narrator: a caption for every period, from the language model if true and in time, else by template."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.narrate import prompt
from monitor.narrate.answer import AnswerError, parse, without_thoughts
from monitor.narrate.check.caption import check
from monitor.narrate.check.lexicon import lexicon
from monitor.narrate.facts.build import facts
from monitor.narrate.facts.sheet import FactSheet
from monitor.narrate.guards import Budget, Circuit, utc_now
from monitor.narrate.language import Language
from monitor.narrate.languages import language
from monitor.narrate.languages.en import LANGUAGE as ENGLISH
from monitor.narrate.llm import ClientFactory, Llm, LlmError
from monitor.narrate.template import compose
from monitor.records import Caption, DaySummary, Interval, PeriodSummary, Usual
from monitor.settings import NarrateSettings, NodeSettings

log = logging.getLogger(__name__)

ASKED_AT_MOST = 2
"""An answer that fails the check is asked for once more, with the reasons."""
MARGIN_S = 0.05
"""Part of the deadline kept for the check and the template, s."""


@dataclass(frozen=True, slots=True)
class Spend:
    """What the language model did and cost; tokens and price are of this UTC day."""

    asked: int
    written: int
    rejections: int
    tokens_in: int
    tokens_out: int
    price: float | None


def template_caption(summary: Interval, sheet: FactSheet, spoken: Language, rejections: int = 0) -> Caption:
    """Return the caption that the template writes of a summary."""
    headline, text = compose(sheet, spoken)
    return Caption(
        start=summary.start,
        end=summary.start + timedelta(seconds=summary.duration_s),
        headline=headline,
        text=text,
        language=spoken.code,
        source="template",
        facts_id=sheet.facts_id,
        facts=list(sheet.facts),
        rejections=rejections,
    )


def describe_caption(
    interval: Interval,
    *,
    node: NodeSettings | None = None,
    thresholds: Mapping[str, float] | None = None,
    language_code: str = "en",
) -> Caption:
    """Return the template's caption of a single recording; it tells no time of day."""
    clip = Interval.model_validate({name: getattr(interval, name) for name in Interval.model_fields})
    sheet = facts(clip, node=node or NodeSettings(), thresholds=thresholds)
    return template_caption(clip, sheet, language(language_code) or ENGLISH)


class Narrator:
    """Writes captions; never raises for trouble with the language model, never later than its deadline.

    `thresholds` are the model's active thresholds per event label; `clock` is monotonic and paces the circuit breaker.
    """

    def __init__(
        self,
        settings: NarrateSettings,
        node: NodeSettings,
        *,
        thresholds: Mapping[str, float] | None = None,
        client_factory: ClientFactory | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._node = node
        self._thresholds = dict(thresholds or {})
        self._template = language(settings.language) or ENGLISH
        llm = settings.llm
        self._budget = Budget(llm.tokens_per_day, llm.price_per_mtok_in, llm.price_per_mtok_out, now)
        self._circuit = Circuit(clock)
        if llm.model:
            lexicon(settings.language)  # takes a while to read: not within a deadline
        self._llm = Llm(llm, self._budget, self._circuit, client_factory) if llm.model else None
        self._written = 0
        self.rejections = 0
        """Answers refused since the start."""
        self._trouble: str | None = None

    def narrate(self, period: PeriodSummary, usual: Usual | None = None, *, hurried: bool = False) -> Caption:
        """Return the caption of a period; hurried: by template, at once."""
        sheet = facts(period, node=self._node, usual=usual, thresholds=self._thresholds)
        return self._caption(period, sheet, hurried)

    def digest(self, day: DaySummary, periods: Iterable[PeriodSummary], *, hurried: bool = False) -> Caption:
        """Return the narrative of a local day from the day and its periods; hurried: by template, at once."""
        sheet = facts(day, node=self._node, thresholds=self._thresholds, periods=periods)
        return self._caption(day, sheet, hurried)

    def dry_run(self, period: PeriodSummary, usual: Usual | None = None) -> str:
        """Return exactly what would be sent for a period, as JSON; nothing is sent."""
        sheet = facts(period, node=self._node, usual=usual, thresholds=self._thresholds)
        llm = self._llm or Llm(self._settings.llm, self._budget, self._circuit)
        body = llm.request(prompt.messages(sheet, self._settings.language))
        return json.dumps(body, indent=2, ensure_ascii=False)

    def give_up(self) -> None:
        """Tell by template from now on, also what the language model is being asked about."""
        if self._llm is not None:
            self._llm.give_up()

    @property
    def status(self) -> str:
        """Return 'off', 'ok', 'circuit open', 'budget spent' or the last trouble, in a few words."""
        if self._llm is None:
            return "off"
        if self._circuit.open:
            return f"circuit open ({self._trouble})" if self._trouble else "circuit open"
        if not self._budget.allows(self._settings.llm.max_tokens):
            return "budget spent"
        return self._trouble or "ok"

    @property
    def spend(self) -> Spend:
        """Return what the language model did and cost."""
        asked = 0 if self._llm is None else self._llm.asked
        budget = self._budget
        return Spend(asked, self._written, self.rejections, budget.tokens_in, budget.tokens_out, budget.price)

    def _caption(self, summary: Interval, sheet: FactSheet, hurried: bool) -> Caption:
        rejected = 0
        if self._llm is not None and not (hurried or self._llm.given_up) and not sheet.empty and not self._circuit.open:
            before = self.rejections
            try:
                caption = self._by_model(self._llm, summary, sheet)
            except LlmError as error:
                self._trouble = str(error)
                if self._trouble != "budget spent":
                    self._circuit.failed()
                log.warning("caption.llm_failed", extra={"reason": self._trouble})
            else:
                self._trouble = None
                self._circuit.succeeded()
                self._written += 1
                return caption
            rejected = self.rejections - before
        return template_caption(summary, sheet, self._template, rejected)

    def _by_model(self, llm: Llm, summary: Interval, sheet: FactSheet) -> Caption:
        """Return the model's caption if the facts bear it out, asking once more with the reasons if not."""
        deadline = time.monotonic() + self._settings.llm.deadline_s - MARGIN_S
        code = self._settings.language
        asked = messages = prompt.messages(sheet, code)
        for count in range(ASKED_AT_MOST):
            content = without_thoughts(llm.ask(messages, deadline))
            try:
                answer = parse(content)
            except AnswerError as error:
                reasons: tuple[str, ...] = (str(error),)
            else:
                headline = answer.headline
                verdict = check(headline, answer.caption, sheet, code)
                if not verdict.reasons:
                    return Caption(
                        start=summary.start,
                        end=summary.start + timedelta(seconds=summary.duration_s),
                        headline=headline or compose(sheet, self._template)[0],
                        text=answer.caption,
                        language=code,
                        source="llm",
                        model=self._settings.llm.model,
                        prompt_version=prompt.PROMPT_VERSION,
                        checked=verdict.scope,
                        facts_id=sheet.facts_id,
                        facts=list(sheet.facts),
                        rejections=count,
                    )
                reasons = verdict.reasons
            self.rejections += 1
            log.info("caption.rejected", extra={"reasons": list(reasons[:8])})
            messages = prompt.again(asked, content, reasons)
        raise LlmError("answers not borne out by the facts")
