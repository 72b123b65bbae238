"""Whether every figure of a caption is one of the facts, and nothing is counted."""

from collections.abc import Iterator

from monitor.narrate.check.figure import Judge
from monitor.narrate.check.sentence import Item, Sentence
from monitor.narrate.facts.sheet import FactSheet


def check_figures(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each figure that the facts do not support."""
    last: Item | None = None
    for sentence in sentences:
        for stretch in sentence.stretches:
            judge = Judge(stretch, sheet, last)
            for figure in stretch.figures():
                reason = judge.reason(figure)
                if reason:
                    yield reason
            last = judge.sounds[-1] if judge.sounds else last
        for clause in sentence.clauses:
            for index, item in enumerate(clause.items):
                if item.kind == "word" and item.has("number") and _counts(item, clause.items[index + 1 : index + 3]):
                    yield f'"{item.text}": no count is among the facts'
                elif item.kind in ("other", "code"):
                    yield f'"{item.text}" cannot be read'


def _counts(number: Item, following: tuple[Item, ...]) -> bool:
    """Return whether a number in words counts something; 'one' also stands for anybody."""
    return not number.has("number", "1") or any(item.has("sound") for item in following)
