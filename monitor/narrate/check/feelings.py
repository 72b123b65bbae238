"""Whether feelings of a caption are those of the facts, as strong as they are told."""

from collections.abc import Iterator, Sequence

from monitor.narrate.check.belonging import belonging, denied
from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.check.trust import disturbing
from monitor.narrate.facts.sheet import FactSheet


def check_feelings(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each feeling that the facts do not support."""
    for sentence in sentences:
        for clause in sentence.clauses:
            for item in clause.of("feeling"):
                yield from _feeling(item, clause, sentence, sheet)


def _feeling(item: Item, clause: Clause, sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    words = {word for value in item.values("feeling") for word in value.split("|")}
    affect = sheet.affect
    if affect is None:
        yield f'"{item.text}": how it felt is not among the facts'
        return
    if item.has("compare") or (item.text == "disturbing" and any(disturbing(w, clause) for w in clause.of("sound"))):
        return
    if words == {"neutral"}:
        if affect.said and not denied(item, clause):
            yield f'"{item.text}" is not how it felt'
        return
    if denied(item, clause):
        if not words & set(affect.denied):
            yield f'that it was not "{item.text}" is not among the facts'
        return
    if clause.of("compare", "usual") and any(
        0 < item.place - other.place <= 2 for other in clause.items if other.has("marker", "more")
    ):
        yield f'"{item.text}": feelings are not compared with what is usual'
        return
    change = next((change for change in sheet.changes if change.what == "affect"), None)
    if sheet.kind == "day" and sentence.of("part"):
        stretch = next(stretch for stretch in sentence.stretches if item in stretch.items)
        heads = [*stretch.of("part"), *stretch.of("whole")]
        owners = belonging(stretch.of("feeling"), heads, stretch.items).get(item.place, [])
        owners = [] if any(word.has("whole") for word in owners) else owners
        owners = [word for word in owners if word.place < item.place or word in clause.items or clause.of("part")]
        owners = [word for word in stretch.of("part") if word.place - item.end == 1] or owners
        felt = [{p.word for p in sheet.parts if p.part in owner.values("part")} for owner in owners]
        felt = [known for known in felt if known]
        right = [bool(words & known) for known in felt]
        if felt and not (all(right) if _in_one_breath(owners, stretch.items) else any(right)):
            yield f'"{item.text}" is not how that part of the day felt'
            return
        if felt:
            return
    directed = [word for word in clause.of("change") if 0 < item.place - word.place <= 4]
    if directed and (sentence.of("change", "verb") or sentence.of("change", "to")) and _turning(sentence):
        last = max(directed, key=lambda word: word.place)
        sides = set(last.values("change"))
        if change is None:
            yield f'"{last.text} {item.text}": no change of feeling is among the facts'
        elif not ((sides & {"to", "verb"} and change.after in words) or ("from" in sides and change.before in words)):
            yield f'"{last.text} {item.text}" is not how the feeling changed'
        return
    if not words & set(affect.said):
        if change is not None and words & {change.before, change.after} and sentence.of("change"):
            return
        yield f'"{item.text}" is not among the feelings'
        return
    yield from _strength(item, words, clause, sheet)


def _in_one_breath(heads: list[Item], items: Sequence[Item]) -> bool:
    """Return whether heads are listed: 'the night, the morning and the evening'."""
    between = [item for item in items if heads[0].place < item.place < heads[-1].place and item not in heads]
    listed = all(item.kind == "comma" or item.has("marker", "and") or item.text == "the" for item in between)
    return listed and any(item.has("marker", "and") for item in between)


def _turning(sentence: Sentence) -> bool:
    """Return whether a sentence tells of a change: a verb of change, or two feelings with words of direction."""
    return (
        bool(sentence.of("change", "verb"))
        or len(sentence.of("feeling")) > 1
        or any(item.kind == "time" for item in sentence.items)
    )


def _strength(item: Item, words: set[str], clause: Clause, sheet: FactSheet) -> Iterator[str]:
    affect = sheet.affect
    assert affect is not None
    main = affect.word in words
    degree = clause.degrees(item)
    if any(word.has("degree", "very") for word in degree) and not (main and affect.strength == "very"):
        yield f'"{degree[0].text} {item.text}" is stronger than the facts'
    if any(word.has("degree", "slightly") for word in degree) and main and affect.strength != "slightly":
        yield f'"{degree[0].text} {item.text}" is weaker than the facts'
    sure = [word for word in clause.of("certainty", "sure") if 0 < item.place - word.end <= 1]
    if sure and main and affect.strength == "slightly":
        yield f'"{sure[0].text} {item.text}" is stronger than the facts'
