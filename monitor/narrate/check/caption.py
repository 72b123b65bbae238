"""Whether a caption says nothing but the facts: its form, its figures, its sounds, its feelings, its setting."""

import re
from dataclasses import dataclass
from typing import Literal

from monitor.narrate.check.exactness import clock
from monitor.narrate.check.feelings import check_feelings
from monitor.narrate.check.figures import check_figures
from monitor.narrate.check.lexicon import Lexicon, lexicon
from monitor.narrate.check.loudness import check_loudness
from monitor.narrate.check.reading import read
from monitor.narrate.check.sentence import Sentence
from monitor.narrate.check.setting import check_setting
from monitor.narrate.check.sounds import check_sounds
from monitor.narrate.check.trust import check_trust
from monitor.narrate.facts.sheet import LONGEST_HEADLINE, FactSheet, Moment

LENGTHS = {"day": (3, 10, 1500), "period": (2, 4, 900)}
"""Fewest and most sentences, most characters."""
_MARKUP = re.compile(r"[*_#`<>\[\]{}|\\~^=]|\.\.\.|…|[\r\n\t]|\s-\s\w+:|&\w+;")
_LINK = re.compile(r"https?:|www\.|\S@\S|\b[a-z0-9-]+\.(?:com|org|net|io|nl|eu|info|biz)\b", re.IGNORECASE)
_BOUNDS = re.compile(r"[.!?](?=\s+|$)")
_ABBREVIATED = re.compile(r"\b(?:a|p)\.m\.|\be\.g\.|\bi\.e\.|\b(?:approx|ca|st|no|dr|mt)\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a caption is refused (nothing: it may be used), and how much of it could be checked."""

    reasons: tuple[str, ...]
    scope: Literal["full", "figures"]


def check(headline: str | None, text: str, sheet: FactSheet, language: str) -> Verdict:
    """Judge a caption; a headline of None is not judged. Without a lexicon only form and figures are checked."""
    words = lexicon(language)
    scope: Literal["full", "figures"] = "figures" if words is None else "full"
    fewest, most, longest = LENGTHS.get(sheet.kind, LENGTHS["period"])
    if reasons := _lengths(headline, text, longest):
        return Verdict(tuple(reasons), scope)  # what is too long is not read: that would take its time
    reasons = _form(headline, text, fewest, most)
    kind = sheet.place_kind or ""
    strange = words is None or any(not words.tags((word,)) for word in kind.lower().split())
    names = [name for name in (sheet.place, kind if strange else None) if name]
    told = [text] if headline is None else [headline, text]
    if words is None:
        blank = Lexicon({}, 1)
        for part in told:
            reasons += _figures_only(read(part, blank, names)[0], sheet)
        return Verdict(tuple(dict.fromkeys(reasons)), scope)
    for part in told:
        sentences, unknown = read(part, words, names)
        reasons += [f'the word "{word}" cannot be checked: use plainer words' for word in unknown]
        reasons += check_figures(sentences, sheet)
        reasons += check_sounds(sentences, sheet)
        reasons += check_feelings(sentences, sheet)
        reasons += check_loudness(sentences, sheet)
        reasons += check_setting(sentences, sheet)
        reasons += check_trust(sentences, sheet, headline=part is headline)
    return Verdict(tuple(dict.fromkeys(reasons)), scope)


def _lengths(headline: str | None, text: str, longest: int) -> list[str]:
    reasons = []
    if len(text) > longest:
        reasons.append(f"the caption has {len(text)} characters, more than {longest}")
    if headline is not None and not 3 <= len(headline) <= LONGEST_HEADLINE:
        reasons.append(f"the headline has {len(headline)} characters, not 3 to {LONGEST_HEADLINE}")
    return reasons


def _form(headline: str | None, text: str, fewest: int, most: int) -> list[str]:
    reasons = []
    count = len(_BOUNDS.findall(_ABBREVIATED.sub("x", text)))
    if not fewest <= count <= most or not text.rstrip().endswith((".", "!")):
        reasons.append(f"the caption has {count} whole sentences, not {fewest} to {most}")
    for part in (headline or "", text):
        if _LINK.search(part):
            reasons.append("there is a link or an address")
        elif _MARKUP.search(part):
            reasons.append("there is markup")
        if "?" in part:
            reasons.append("there is a question")
        if any(not (mark.isalnum() or mark in " .,;:!'’‘\"“”()%-–—/&⌂°") for mark in part):
            reasons.append("there are characters that do not belong into a caption")
    return reasons


def _figures_only(sentences: list[Sentence], sheet: FactSheet) -> list[str]:
    """Judge the figures of a language without a lexicon: each must be a figure of the facts."""
    known = [fact.value for fact in sheet.facts if isinstance(fact.value, float | int)]
    known += [entry.offset_s for entry in _offsets(sheet)] + [100.0 - sheet.trust.coverage_pct]
    known += [entry.seconds for entry in sheet.notable] + [sheet.level.usual_LAeq or 0.0]
    known += [value / 60 for value in known] + [value / 3600 for value in (sheet.duration_s,)]
    if sheet.when is not None:
        known += [float(part) for part in sheet.when.date.split("-")]
    times = {entry.clock for entry in _offsets(sheet)}
    times |= {entry.end.clock for entry in sheet.extremes}
    if sheet.when is not None:
        times |= {sheet.when.start, sheet.when.end}
    reasons = []
    for sentence in sentences:
        for item in sentence.items:
            good = True
            if item.kind == "time":
                good = clock(item) in times
            elif item.kind == "number":
                good = any(abs(item.value - abs(value)) <= 0.5 * 10.0**-item.decimals + 0.051 for value in known)
            elif item.kind == "date":
                good = sheet.when is not None and item.text == sheet.when.date
            elif item.kind in ("other", "code"):
                good = False
            if not good:
                reasons.append(f'"{item.text}" is not among the figures')
    return reasons


def _offsets(sheet: FactSheet) -> list[Moment]:
    return [
        *(entry.at for entry in sheet.notable),
        *(change.at for change in sheet.changes),
        *(entry.start for entry in sheet.extremes),
    ]
