"""Whether sounds were heard for as much of the time, in the order and at the moment that they are told."""

from collections.abc import Iterable, Iterator, Sequence

from monitor.narrate.check.belonging import belonging, nearest, without_insertions
from monitor.narrate.check.exactness import at_moment
from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.check.trust import covering
from monitor.narrate.facts.sheet import FactSheet, SoundFact

SHARES = {
    "throughout": (0.85, 1.0),
    "most": (0.5, 1.0),
    "often": (0.3, 1.0),
    "part": (0.13, 0.52),
    "brief": (0.0, 0.2),
}
"""Shares of time, 0..1, for which a word of presence is true."""
DOMINANT_SHARE = 0.5


def check_presence(
    stretch: Clause, sentence: Sentence, told: list[tuple[Item, list[SoundFact]]], sheet: FactSheet
) -> Iterator[str]:
    """Yield a reason for each word of presence, rank, order or moment that the sounds told do not bear out."""
    yield from _presence(stretch, told, sheet)
    yield from _rank(stretch, told, sheet)
    yield from _order(stretch, sentence, told, sheet)
    yield from _moment(stretch, told, sheet)
    yield from _standout(stretch, told, sheet)


def _fits(word: Item, facts: Iterable[SoundFact], clause: Clause) -> bool:
    denied = any(0 < word.place - negation.place <= 2 for negation in clause.of("negation"))
    for value in word.values("presence"):
        low, high = SHARES[value]
        for fact in facts:
            if fact.share is not None and (low <= fact.share <= high) != denied:
                return True
    return False


def _presence(stretch: Clause, told: list[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    """Judge words like 'throughout' by the sounds they belong to."""
    short = {entry.label for entry in sheet.notable} if stretch.figures() or stretch.of("standout") else set()
    facts_of = {item.place: facts for item, facts in told}
    troubles = {item.end + 1 for item in stretch.of("quality", "disturb")}
    words = [w for w in stretch.of("presence") if not covering(w, stretch) and w.place not in troubles]
    quiet = [item for item in stretch.of("level") if sheet.quiet and any("quiet" in v for v in item.values("level"))]
    owned = belonging(words, [*(item for item, _ in told), *quiet], without_insertions(stretch.items, "presence"))
    for item in _likewise(stretch, [item for item, _ in told]):
        ahead = [word for word in words if word.place < item.place]
        if ahead and item not in owned[ahead[-1].place]:
            owned[ahead[-1].place] = [*owned[ahead[-1].place], item]
    for place, heads in owned.items():
        heads = [head for head in heads if not _framed(place, head, owned, words)]
        word = next(item for item in words if item.place == place)
        if any(item in quiet for item in heads):
            if word.has("presence", "brief") and all(item in quiet for item in heads):
                yield f'"{word.text}": it was quiet most of the time'
            if not word.has("presence", "throughout"):
                continue
        heads = [
            item
            for item in heads
            if item.place in facts_of and not (word.has("presence", "brief") and short & item.labels)
        ]
        if any(not _fits(word, facts_of[item.place], stretch) for item in heads):
            yield f'"{word.text}": a sound was not heard for this much of the time'


def _likewise(stretch: Clause, sounds: list[Item]) -> list[Item]:
    """Return the sounds that share what was said before: 'birds were heard most of the time, as was traffic'."""
    texts = {item.place: item.text for item in stretch.items if item.kind == "word"}
    verbs = [place + 1 for place, text in texts.items() if text == "as" and texts.get(place + 1) in ("was", "were")]
    return [item for item in sounds if any(0 < item.place - place <= 2 for place in verbs)]


def _framed(place: int, head: Item, owned: dict[int, list[Item]], words: list[Item]) -> bool:
    """Return whether 'over the whole day' only says when, since the sound has a word of presence of its own."""
    if not any(word.place == place and word.has("presence", "throughout") for word in words):
        return False
    return any(head in heads for other, heads in owned.items() if other != place)


def _rank(stretch: Clause, told: list[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    ranked = sorted((fact.share or 0 for fact in sheet.sounds), reverse=True)
    items = [item for item, _ in told]
    facts_of = {item.place: facts for item, facts in told}
    words = [*stretch.of("dominant", "dominant"), *stretch.of("dominant", "most")]
    for place, heads in belonging(words, [*items, *stretch.of("level")], stretch.items).items():
        word = next(item for item in words if item.place == place)
        heads = [head for head in heads if head in items]
        if stretch.figures() and any(head.labels & {entry.label for entry in sheet.notable} for head in heads):
            continue
        least = ranked[min(len(heads), len(ranked)) - 1] if ranked else 0
        least = max(least - 0.02, DOMINANT_SHARE if word.has("dominant", "dominant") else 0)
        if any(max((fact.share or 0) for fact in facts_of[head.place]) < least for head in heads):
            yield f'"{word.text}": this was not the sound heard most'
    only = [item for item in stretch.of("marker", "only") if any(0 < other.place - item.place <= 2 for other in items)]
    alone = stretch.of("dominant", "only") + only
    if alone:
        named = {fact.label for _, facts in told for fact in facts}
        if any(fact.label not in named for fact in sheet.sounds):
            yield f'"{alone[0].text}": other sounds were heard too'


def _order(
    stretch: Clause, sentence: Sentence, told: Sequence[tuple[Item, list[SoundFact]]], sheet: FactSheet
) -> Iterator[str]:
    """Refuse an order of sounds in time that is not among the facts."""
    ranked = stretch.of("standout") and [item for item in stretch.items if item.text in ("before", "after", "ahead of")]
    order = [item for item in stretch.of("change") if not item.has("marker", "direction") and not item.has("moment")]
    order = ranked or order
    if not order or any(item.kind == "time" for item in sentence.items):
        return
    at = {entry.label: entry.at.offset_s for entry in sheet.notable}
    times = [at[label] for item, _ in told for label in sorted(item.labels & set(at))]
    if sentence.of("standout") and len(times) > 1:
        if times != sorted(times, reverse=order[0].text == "after"):
            yield f'"{order[0].text}": the sounds stood out in another order'
        return
    if (
        sentence.of("feeling")
        or sentence.of("compare")
        or sentence.of("unit")
        or any(item.unit for item in sentence.items)
    ):
        return
    yield f'"{order[0].text}": an order of sounds in time is not among the facts'


def _standout(stretch: Clause, told: Sequence[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    """Judge whether what is told as standing out at a time did so."""
    labels = {entry.label for entry in sheet.notable}
    if not labels or stretch.of("empty") or not any(item.kind == "time" for item in stretch.items):
        return
    words = {word.place: word for word in stretch.of("standout")}
    for place, heads in belonging(words.values(), [item for item, _ in told], stretch.items).items():
        for item in heads[-1:] if words[place].text.startswith("standing") else heads:
            if not item.labels & labels:
                yield f'that "{item.text}" stood out is not among the facts'


def _moment(stretch: Clause, told: Sequence[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    """Judge 'at the start' and the like where a sound is told as standing out."""
    if not stretch.of("standout") and not stretch.of("cue", "peak"):
        return
    for word in stretch.of("moment"):
        chosen = nearest(word, [item for item, _ in told], 99)
        offsets = [e.at.offset_s / sheet.duration_s for e in sheet.notable if chosen and e.label in chosen.labels]
        if not at_moment(word, offsets):
            yield f'"{word.text}" is not when it stood out'
