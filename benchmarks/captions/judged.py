"""The check judged: seeded true and subtly false captions, and which of them it gets wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.captions import summaries
from benchmarks.captions.falsehoods import ADDITIONS, KINDS, false_caption
from benchmarks.captions.phrases import FIRST, SECOND, Bank
from benchmarks.captions.phrases_fourth import FOURTH
from benchmarks.captions.phrases_third import THIRD, THIRD_ADDITIONS
from benchmarks.captions.render import caption
from monitor.narrate.check.caption import check
from monitor.narrate.facts.build import facts
from monitor.narrate.facts.sheet import FactSheet

BANKS: dict[str, tuple[Bank, tuple[str, ...]]] = {
    "first": (FIRST, ADDITIONS),
    "second": (SECOND, ADDITIONS),
    "third": (THIRD, THIRD_ADDITIONS),
    "fourth": (FOURTH, THIRD_ADDITIONS),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A caption, whether it is true, and what the check said."""

    seed: int
    true: bool
    kind: str
    headline: str
    text: str
    reasons: tuple[str, ...]

    @property
    def miss(self) -> bool:
        """Whether the check was wrong."""
        return self.true == bool(self.reasons)


def sheet_of(rng: Random) -> FactSheet:
    """Return the facts of a seeded period."""
    node = summaries.node(rng)
    return facts(summaries.period(rng), node=node, usual=summaries.usual(rng))


def cases(bank: str, count: int, first_seed: int = 0) -> Iterator[Case]:
    """Yield `count` true captions and as many false ones, told in the words of a bank."""
    words, additions = BANKS[bank]
    told, seed = 0, first_seed
    while told < count:
        rng = Random(f"true {bank} {seed}")
        sheet = sheet_of(rng)
        if not sheet.empty:
            headline, text = caption(sheet, words, rng)
            yield Case(seed, True, "true", headline, text, check(headline, text, sheet, "en").reasons)
            told += 1
        seed += 1
    told, seed = 0, first_seed
    while told < count:
        rng = Random(f"false {bank} {seed}")
        sheet = sheet_of(rng)
        made = None if sheet.empty else false_caption(sheet, words, rng, told % KINDS, additions)
        if made is not None:
            headline, text, kind = made
            yield Case(seed, False, kind, headline, text, check(headline, text, sheet, "en").reasons)
            told += 1
        seed += 1
