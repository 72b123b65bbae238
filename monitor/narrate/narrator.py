"""The narrator: a caption for every period, from the language model if true and in time, else by template."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from monitor.narrate.facts import facts
from monitor.narrate.language import Language
from monitor.narrate.languages import language
from monitor.narrate.languages.en import LANGUAGE as ENGLISH
from monitor.narrate.sheet import FactSheet
from monitor.narrate.template import compose
from monitor.records import Caption, DaySummary, Interval, MinuteSummary, PeriodSummary, Usual
from monitor.settings import NarrateSettings, NodeSettings


def template_caption(summary: Interval, sheet: FactSheet, spoken: Language) -> Caption:
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
    """Writes captions.

    `thresholds` are the model's active thresholds per event label.
    """

    def __init__(
        self, settings: NarrateSettings, node: NodeSettings, *, thresholds: Mapping[str, float] | None = None
    ) -> None:
        self._node = node
        self._thresholds = dict(thresholds or {})
        self._language = language(settings.language) or ENGLISH
        self.status = "off"
        self.rejections = 0

    def narrate(
        self,
        period: PeriodSummary,
        usual: Usual | None = None,
        minutes: Sequence[MinuteSummary] = (),
        *,
        hurried: bool = False,
    ) -> Caption:
        """Return the caption of a period; hurried: by template, since others wait."""
        sheet = facts(period, node=self._node, usual=usual, thresholds=self._thresholds, minutes=minutes)
        return template_caption(period, sheet, self._language)

    def digest(self, day: DaySummary, periods: Sequence[PeriodSummary], usual: Usual | None = None) -> Caption:
        """Return the narrative of a day."""
        sheet = facts(day, node=self._node, usual=usual, thresholds=self._thresholds, periods=periods)
        return template_caption(day, sheet, self._language)
