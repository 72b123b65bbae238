"""Whether every sound of a caption was heard: as surely, and for as much of the time, as it is told."""

from collections.abc import Iterator

from monitor.narrate.check.belonging import belonging, without_insertions
from monitor.narrate.check.presence import check_presence
from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.check.trust import disturbing
from monitor.narrate.facts.sheet import FactSheet, SoundFact
from monitor.narrate.facts.sounds import TOLD_BY


def part_told(item: Item, sentence: Sentence) -> set[str]:
    """Return the parts of the day that a word of a sentence is about: the last ones named up to it."""
    named = [word for word in sentence.of("part") if word.place <= item.place] or sentence.of("part")[:1]
    return set(named[-1].values("part")) if named else set()


def supporters(item: Item, sentence: Sentence, sheet: FactSheet) -> list[SoundFact]:
    """Return the facts that bear out a sound named in a caption; a part of a day has its own."""
    claimed = item.labels
    wanted = claimed | {specific for label in claimed for specific in TOLD_BY.get(label, ())}
    wanted -= {"Traffic", "Vehicle", "Wind", "Water"} - claimed if claimed & {"Sounds of things", "Noise"} else set()
    parts = part_told(item, sentence)
    of_parts = {label for part in sheet.parts if part.part in parts for label in part.sounds}
    heard = [SoundFact(label=label, share=None, presence=None, certainty="clear") for label in sorted(of_parts)]
    return [fact for fact in (*sheet.sounds, *heard) if fact.label in wanted]


def check_sounds(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each sound that the facts do not support."""
    hedged: set[str] = set()
    doubtful: dict[str, str] = {}
    for sentence in sentences:
        for stretch in sentence.stretches:
            told: list[tuple[Item, list[SoundFact]]] = []
            for clause in sentence.clauses:
                if clause.items[0].place in {item.place for item in stretch.items}:
                    yield from _heard(clause, stretch, sentence, sheet, told)
            yield from _certainty(stretch, sentence, told, hedged, doubtful)
            if told:
                yield from check_presence(stretch, sentence, told, sheet)
    for label, reason in doubtful.items():
        if label not in hedged:
            yield reason


def _heard(
    clause: Clause, stretch: Clause, sentence: Sentence, sheet: FactSheet, told: list[tuple[Item, list[SoundFact]]]
) -> Iterator[str]:
    """Judge whether the sounds of a clause were heard, or not heard if it says so; add those told to a list."""
    if clause.of("empty") and sheet.sounds:
        yield "a particular sound was heard, so it cannot be said that none stood out"
    denials = [word.place for word in clause.of("negation")]
    stood = [item for item in clause.of("standout") if any(0 < item.place - place <= 5 for place in denials)]
    if stood and sheet.notable and not clause.of("sound"):
        yield f'"{stood[0].text}": something stood out, so it cannot be said that nothing did'
    if not sheet.heard and any(
        item.text in ("sound", "sounds", "noise", "noises") and _none_heard(item, clause) for item in clause.items
    ):
        yield "what was heard is not known, so it cannot be said that nothing was"
    for item in clause.of("sound"):
        if item.has("cue", "background") or disturbing(item, clause):
            continue
        if negated(item, clause):
            if not item.labels & set(sheet.absent):
                yield f'that there was no "{item.text}" is not among the facts'
            continue
        facts = supporters(item, sentence, sheet)
        if sheet.parts and _elsewhere(item, stretch, sheet):
            yield f'"{item.text}" is not among the sounds of that part of the day'
        if facts:
            told.append((item, facts))
        elif not item.labels & set(sheet.also):
            yield f'"{item.text}" is not among the sounds heard'


def _none_heard(item: Item, clause: Clause) -> bool:
    behind = [other for other in clause.items if 0 < other.place - item.place <= 6]
    none = any(0 < item.place - word.end <= 2 for word in clause.of("negation"))
    return none and any(other.has("marker", "hearing") or other.text in ("heard", "audible") for other in behind)


def _elsewhere(item: Item, stretch: Clause, sheet: FactSheet) -> bool:
    """Return whether a sound is told of a part of the day that is not known for it."""
    owners = belonging(stretch.of("sound"), stretch.of("part"), stretch.items).get(item.place, [])
    commas = [other.place for other in stretch.items if other.kind == "comma"]
    owners = [owner for owner in owners if not any(item.place < place < owner.place for place in commas)]
    parts = [part for part in sheet.parts if any(part.part in owner.values("part") for owner in owners)]
    return bool(parts) and not any(item.labels & set(part.sounds) for part in parts)


def _certainty(
    stretch: Clause,
    sentence: Sentence,
    told: list[tuple[Item, list[SoundFact]]],
    hedged: set[str],
    doubtful: dict[str, str],
) -> Iterator[str]:
    """Judge whether a sound that was only probable is told so, here or elsewhere in the caption."""
    likened = [item for item in stretch.of("scene") if _likened(item, stretch)]
    heads = [*(item for item, _ in told), *likened]
    hedges = [item for item in stretch.hedges if not item.has("feeling")]
    owners = belonging(hedges, heads, without_insertions(stretch.items))
    first = stretch.items[min(2, len(stretch.items) - 1)].place
    sure = belonging(
        stretch.of("certainty", "sure"), [*heads, *stretch.of("feeling"), *stretch.of("level")], stretch.items
    )
    for item, facts in told:
        if any(fact.certainty == "clear" for fact in facts):
            if any(hedge.has("certainty", "possible") and _beside(hedge, item, stretch) for hedge in hedges):
                yield f'"{item.text}" was heard clearly, not only possibly'
            continue
        fact = facts[0]
        mine = [hedge for hedge in hedges if item in owners[hedge.place] or _opening(hedge, first, stretch)]
        mine = mine or _hedged_ahead(stretch, sentence)
        if fact.certainty == "possible" and mine and all(hedge.has("certainty", "probable") for hedge in mine):
            yield f'"{item.text}" was heard only {fact.certainty}, not {mine[0].text}'
        elif mine:
            hedged.add(fact.label)
        else:
            doubtful.setdefault(fact.label, f'"{item.text}" was heard only {fact.certainty}: say so')
        for word in stretch.of("certainty", "sure"):
            if item in sure[word.place] and abs(word.place - item.place) <= 4:
                yield f'"{item.text}" is told more surely than it was heard'


def _opening(hedge: Item, first: int, stretch: Clause) -> bool:
    """Return whether a hedge opens a stretch and is of all in it, not of the scene: 'it probably sounded like'."""
    return hedge.place <= first and not any(
        0 < scene.place - hedge.place <= 8 and _likened(scene, stretch) for scene in stretch.of("scene")
    )


def _beside(hedge: Item, sound: Item, stretch: Clause) -> bool:
    """Return whether a hedge stands right before a sound, or right behind it and before none."""
    if 0 < sound.place - hedge.end <= 1:
        return True
    follows = any(0 < other.place - hedge.end <= 2 for other in stretch.of("sound"))
    return 0 < hedge.place - sound.end <= 1 and not follows


def _likened(scene: Item, stretch: Clause) -> bool:
    """Return whether a scene is told as what it sounds like, not as where it is."""
    return any(0 < scene.place - word.end <= 4 for word in stretch.of("marker", "like"))


def _hedged_ahead(stretch: Clause, sentence: Sentence) -> list[Item]:
    """Return the hedge that the stretch before ends in: 'loud, probably with traffic'."""
    index = sentence.stretches.index(stretch)
    return [item for item in sentence.stretches[index - 1].items[-1:] if index > 0 and item.hedge]


def negated(item: Item, clause: Clause) -> bool:
    """Return whether a sound is told as not heard: 'no birds, wind or music', 'traffic was not heard'."""
    index = clause.items.index(item)
    for other in clause.items[index + 1 :]:
        if other.has("negation") and (other.has("cue", "missing") or other is clause.items[-1]):
            return True
        if other.has("presence") or other.has("marker", "hearing") or other.has("standout") or other.has("certainty"):
            break
    plain = 0
    for position, other in reversed(list(enumerate(clause.items[:index]))):
        if other.has("negation"):
            return True
        if other.has("presence") or other.has("quality") or other.has("feeling") or other.kind in ("number", "time"):
            break
        if _parting(other):
            before = clause.items[position - 1]
            if not (before.has("sound") or before.has("joined") or before.has("negation") or _parting(before)):
                break
        plain = 0 if other.has("sound") else plain + 1
        if plain > 9:
            break
    behind = [other for other in clause.items[index + 1 :] if other.place - item.place <= 5 and other.has("negation")]
    for word in behind:
        after = [other for other in clause.items if word.place <= other.place <= word.place + 3]
        if any(other.has("cue", "coverage") or other.has("marker", "hearing") for other in after):
            return True
    return False


def _parting(item: Item) -> bool:
    return item.kind == "comma" or item.has("marker", "and")
