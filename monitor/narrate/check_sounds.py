"""Whether every sound of a caption was heard: as surely, and for as much of the time, as it is told."""

from collections.abc import Iterable, Iterator

from monitor.narrate.check_figures import nearest
from monitor.narrate.reading import Clause, Item, Sentence
from monitor.narrate.sheet import FactSheet, SoundFact
from monitor.narrate.sounds import TOLD_BY

SHARES = {
    "throughout": (0.85, 1.0),
    "most": (0.5, 1.0),
    "often": (0.3, 1.0),
    "part": (0.03, 0.65),
    "brief": (0.0, 0.2),
}
"""Shares of time, 0..1, for which a word of presence is true."""
DOMINANT_SHARE = 0.5


def part_told(item: Item, sentence: Sentence) -> set[str]:
    """Return the parts of the day that a word of a sentence is about: the last ones named up to it."""
    named = [word for word in sentence.of("part") if word.place <= item.place] or sentence.of("part")[:1]
    return set(named[-1].values("part")) if named else set()


def supporters(item: Item, sentence: Sentence, sheet: FactSheet) -> list[SoundFact]:
    """Return the facts that bear out a sound named in a caption; a part of a day has its own."""
    claimed = {label for value in item.values("sound") for label in value.split("|")}
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
        for clause in sentence.clauses:
            yield from _clause(clause, sentence, sheet, hedged, doubtful)
    for label, reason in doubtful.items():
        if label not in hedged:
            yield reason


def _clause(
    clause: Clause, sentence: Sentence, sheet: FactSheet, hedged: set[str], doubtful: dict[str, str]
) -> Iterator[str]:
    told: list[tuple[Item, list[SoundFact]]] = []
    if clause.of("empty") and sheet.sounds:
        yield "a particular sound was heard, so it cannot be said that none stood out"
    for item in clause.of("sound"):
        if item.has("cue", "background") or item.has("quality"):
            continue
        if negated(item, clause):
            claimed = {label for value in item.values("sound") for label in value.split("|")}
            if not claimed & set(sheet.absent):
                yield f'that there was no "{item.text}" is not among the facts'
            continue
        facts = supporters(item, sentence, sheet)
        if not facts:
            labels = {label for value in item.values("sound") for label in value.split("|")}
            if not labels & set(sheet.also):
                yield f'"{item.text}" is not among the sounds heard'
            continue
        told.append((item, facts))
        sure = nearest(item, clause.of("certainty", "sure"), reach=4)
        for fact in facts[:1] if all(fact.certainty != "clear" for fact in facts) else []:
            if clause.of("certainty", "hedge") or _hedged_ahead(clause, sentence):
                hedged.add(fact.label)
            else:
                doubtful.setdefault(fact.label, f'"{item.text}" was heard only {fact.certainty}: say so')
            if sure is not None:
                yield f'"{item.text}" is told more surely than it was heard'
    if told:
        yield from _presence(clause, told, sheet)
        yield from _rank(clause, told, sheet)
        yield from _order(clause, sentence, sheet)
    elif (
        clause.of("presence") and not clause.of("feeling") and not clause.of("level") and clause is sentence.clauses[0]
    ):
        return


def _hedged_ahead(clause: Clause, sentence: Sentence) -> bool:
    """Return whether the clause before ends in a hedge: 'loud, probably with traffic'."""
    index = sentence.clauses.index(clause)
    return index > 0 and sentence.clauses[index - 1].items[-1].has("certainty", "hedge")


def negated(item: Item, clause: Clause) -> bool:
    """Return whether a sound is told as not heard."""
    for word in clause.of("negation"):
        ahead = item.place - word.place
        if word.has("cue", "missing") and ahead < 0:
            return True
        between = [other for other in clause.items if word.place < other.place < item.place]
        if 0 < ahead <= 12 and not any(other.has("presence") or other.has("quality") for other in between):
            return True
        if -5 <= ahead < 0:
            after = [other for other in clause.items if word.place <= other.place <= word.place + 3]
            if any(other.has("cue", "coverage") or other.has("marker", "hearing") for other in after):
                return True
    return False


def _fits(word: Item, facts: Iterable[SoundFact], clause: Clause) -> bool:
    denied = any(0 < word.place - negation.place <= 2 for negation in clause.of("negation"))
    for value in word.values("presence"):
        low, high = SHARES[value]
        for fact in facts:
            if fact.share is not None and (low <= fact.share <= high) != denied:
                return True
    return False


def _presence(clause: Clause, told: list[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    """Judge words like 'throughout' by the sounds they belong to.

    Sounds in a row share a word. A word between two rows belongs to the one that no comma and no 'and' parts it
    from; where that does not decide, to the row before it if the clause begins with a sound, else to the one behind.
    """
    short = {entry.label for entry in sheet.notable} if clause.figures() else set()
    facts_of = {item.place: facts for item, facts in told}
    trailing = told[0][0].place < clause.of("presence")[0].place if clause.of("presence") else True
    runs: list[list[Item]] = []
    words: list[tuple[Item, int, bool, bool]] = []
    parted = comma = fresh = False
    for item in clause.items:
        fresh = fresh or (comma and item.has("marker", "and"))
        comma = item.kind == "comma"
        if item.place in facts_of:
            if not runs or fresh or (words and words[-1][1] == len(runs)):
                runs.append([])
                if words and words[-1][1] == len(runs) - 1:
                    words[-1] = (*words[-1][:3], parted)
            runs[-1].append(item)
            parted = fresh = False
        elif item.has("presence"):
            words.append((item, len(runs), parted, True))
            parted = False
        elif item.kind == "comma" or item.has("marker", "and"):
            parted = True
    for word, before, parted_before, parted_behind in words:
        behind = before < len(runs)
        to_before = before > 0 and (not behind or (trailing if parted_before == parted_behind else parted_behind))
        run = runs[before - 1] if to_before else runs[before] if behind else []
        run = [item for item in run if not (word.has("presence", "brief") and short & set(item.values("sound")))]
        if any(not _fits(word, facts_of[item.place], clause) for item in run):
            yield f'"{word.text}": a sound was not heard for this much of the time'


def _rank(clause: Clause, told: list[tuple[Item, list[SoundFact]]], sheet: FactSheet) -> Iterator[str]:
    top = max((fact.share or 0 for fact in sheet.sounds), default=0)
    for word in clause.of("dominant", "dominant"):
        chosen = nearest(word, [item for item, _ in told], 99)
        facts = next(facts for item, facts in told if item is chosen)
        if not any((fact.share or 0) >= max(DOMINANT_SHARE, top - 0.02) for fact in facts):
            yield f'"{word.text}": this was not the sound heard most'
    only = [item for item in clause.of("marker", "only") if any(0 < other.place - item.place <= 2 for other, _ in told)]
    alone = clause.of("dominant", "only") + only
    if alone:
        named = {fact.label for _, facts in told for fact in facts}
        if any(fact.label not in named for fact in sheet.sounds):
            yield f'"{alone[0].text}": other sounds were heard too'


def _order(clause: Clause, sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    """Refuse an order of sounds in time that is not among the facts."""
    order = [item for item in clause.of("change") if not item.has("marker", "direction")]
    if not order or any(item.kind == "time" for item in sentence.items) or sentence.of("compare"):
        return
    if sentence.of("feeling") or sentence.of("unit") or any(item.unit for item in sentence.items):
        return
    yield f'"{order[0].text}": an order of sounds in time is not among the facts'
