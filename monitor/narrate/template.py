"""The template narrator: facts in, plain sentences out; deterministic, and never without an answer."""

from monitor.narrate.facts.sheet import LONGEST_HEADLINE, FactSheet
from monitor.narrate.language import Language, Pick, capital

SENTENCES = 4


def compose(sheet: FactSheet, language: Language) -> tuple[str, str]:
    """Return headline and text: two to four sentences, more for a day."""
    return capital(_headline(sheet, language)), " ".join(f"{capital(said)}." for said in _sentences(sheet, language))


def _headline(sheet: FactSheet, language: Language) -> str:
    news, *more = language.headline(sheet)
    placed = f"{sheet.place}: {news}" if sheet.place else news
    headline = placed if len(placed) <= LONGEST_HEADLINE else news
    for piece in more:
        if len(headline) + len(piece) > LONGEST_HEADLINE:
            break
        headline += piece
    return headline


def _sentences(sheet: FactSheet, language: Language) -> list[str]:
    if sheet.empty:
        return language.empty(sheet)
    pick = Pick(sheet.facts_id)
    heard, level = language.heard(sheet, pick), language.level(sheet, pick)
    feeling, standout = language.feeling(sheet, pick), language.standout(sheet, pick)
    course, doubts = language.course(sheet, pick), language.doubts(sheet, pick)
    optional = [sentence for sentence in (level, feeling, *course, standout, doubts) if sentence]
    if sheet.kind != "day" and len(optional) >= SENTENCES and level and standout:
        merged = f"{level}; {standout}"
        optional = [merged, *(sentence for sentence in (feeling, *course, doubts) if sentence)]
    return [heard, *optional]
