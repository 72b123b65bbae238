"""Whether the doubts about the data are told as they are: calibration, gaps, wind, overload, the clock."""

from collections.abc import Iterator

from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.facts.sheet import FactSheet

COVERED = {"throughout": (0.95, 1), "most": (0.25, 0.99), "often": (0.3, 1), "part": (0.02, 0.98), "brief": (0, 0.4)}
"""Shares of the data, 0..1, for which a word of presence is true."""


def disturbing(item: Item, clause: Clause) -> bool:
    """Return whether wind is told as a trouble of the microphone rather than as a sound."""
    if item.labels != {"Wind"}:
        return False
    device = [word for word in clause.of("quality", "other") if abs(word.place - item.place) <= 8]
    return bool(clause.of("quality", "disturb") or device)


def covering(word: Item, stretch: Clause) -> bool:
    """Return whether a word of presence is about the data: 'most of the time was not heard'."""
    index = stretch.items.index(word)
    between: list[Item] = []
    for item in stretch.items[index + 1 :]:
        if item.kind == "comma" or item.has("sound") or item.has("boundary") or item.has("marker", "and"):
            break
        if item.has("cue", "coverage") or item.has("cue", "missing"):
            relative = bool(between) and between[0].has("marker", "relative")
            return relative or not _sound_since_break(stretch, index)
        between.append(item)
    ahead = stretch.items[max(0, index - 3) : index]
    return any(item.has("cue", "data") for item in ahead) and not stretch.of("sound")


def _sound_since_break(stretch: Clause, index: int) -> bool:
    for item in reversed(stretch.items[:index]):
        if item.kind == "comma" or item.has("boundary") or item.has("marker", "and"):
            return False
        if item.has("sound"):
            return True
    return False


def check_trust(sentences: list[Sentence], sheet: FactSheet, headline: bool) -> Iterator[str]:
    """Yield a reason for each doubt that is made up, and for an uncalibrated reading that is not called so."""
    everything = [item for sentence in sentences for item in sentence.items]
    claims = [item for item in everything if item.has("level") or item.has("feeling") or item.unit in ("db", "sone")]
    doubts = [item for item in everything if item.has("quality", "uncalibrated")]
    for sentence in sentences:
        for item in sentence.of("quality", "calibrated"):
            if any(0 < item.place - word.place <= 7 for word in sentence.of("negation")) or any(
                0 < word.place - item.place <= 4 for word in sentence.of("negation")
            ):
                doubts.append(item)
            elif sheet.trust.uncalibrated:
                yield f'"{item.text}": the microphone is not calibrated'
    if sheet.trust.uncalibrated and claims and not doubts and not headline:
        yield "the microphone is uncalibrated: say so where levels or feelings are told"
    if doubts and not sheet.trust.uncalibrated:
        yield f'"{doubts[0].text}": the microphone is calibrated, which need not be told'
    yield from _gaps(sentences, everything, sheet)
    trust = sheet.trust
    for sentence in sentences:
        for clause in sentence.clauses:
            if _unaffected(clause) and trust.uncalibrated:
                yield "the microphone is uncalibrated: what is felt and read is only rough"
            for item in clause.of("sound"):
                if disturbing(item, clause):
                    if not trust.windy:
                        yield f'"{item.text}": no wind on the microphone is among the facts'
                    elif _denied_trouble(item, clause):
                        yield f'"{item.text}": wind did disturb the microphone'
            for item in clause.of("quality", "overload"):
                if not trust.overloaded:
                    yield f'"{item.text}": no overload is among the facts'
                elif any(0 < item.place - word.end <= 3 for word in _plain_denials(clause)):
                    yield f'"{item.text}": the microphone was overloaded'
        for item in sentence.of("quality", "clock"):
            if not trust.clock_unsure:
                yield f'"{item.text}": no doubt about the clock is among the facts'
        for item in [*sentence.of("quality", "synchronised"), *sentence.of("quality", "clock")]:
            doubted = any("sync" in other.text for other in sentence.of("quality", "clock"))
            plain = item.has("quality", "synchronised") or (item.text in ("clock", "clocks") and not doubted)
            denied = any(abs(item.place - word.place) <= 6 for word in sentence.of("negation"))
            if plain and trust.clock_unsure and not denied:
                yield f'"{item.text}": the clock is not synchronised'
        for item in sentence.of("quality", "overstated"):
            yield f'"{item.text}" is not among the facts'
        affect = sheet.affect
        for item in sentence.of("quality", "contradict"):
            if affect is not None and (affect.said or affect.neutral):
                yield f'"{item.text}": the impression and the level do not contradict each other'
        for item in sentence.of("quality", "agree"):
            if affect is not None and not (affect.said or affect.neutral):
                yield f'"{item.text}": the impression and the level contradict each other'
        for item in sentence.of("quality", "understated"):
            if not trust.overloaded:
                yield f'"{item.text}" is not among the facts'


def _unaffected(clause: Clause) -> bool:
    """Return whether feelings or levels are told as not affected."""
    told = any(
        item.text in ("feelings", "feeling", "impression", "levels", "level", "readings") for item in clause.items
    )
    words = [item for item in clause.of("quality", "disturb") if item.text.startswith(("affect", "influence"))]
    return told and any(0 < item.place - word.place <= 3 for item in words for word in clause.of("negation"))


def _denied_trouble(wind: Item, clause: Clause) -> bool:
    """Return whether a clause says that wind did not disturb: 'no wind disturbed', 'wind did not disturb'."""
    trouble = min((item.place for item in clause.of("quality") if item.place > wind.place), default=wind.place)
    denials = [word.place for word in _plain_denials(clause)]
    return any(wind.place - 3 <= place < wind.place or wind.place < place < trouble for place in denials)


def _plain_denials(clause: Clause) -> list[Item]:
    return [word for word in clause.of("negation") if not word.has("cue", "missing")]


def _gaps(sentences: list[Sentence], everything: list[Item], sheet: FactSheet) -> Iterator[str]:
    covered = sheet.trust.coverage_pct / 100
    for stretch in (stretch for sentence in sentences for stretch in sentence.stretches):
        for word in stretch.of("presence"):
            if not covering(word, stretch):
                continue
            behind = [item for item in stretch.items if 0 < item.place - word.place <= 14]
            missed = any(item.has("negation") or item.has("cue", "missing") for item in behind)
            low, high = COVERED[word.values("presence")[0]]
            if not low <= (1 - covered if missed else covered) <= high:
                yield f'"{word.text}" is not how much of the time was heard'
        for word in stretch.of("cue", "missing"):
            denied = any(0 < word.place - other.place <= 6 for other in stretch.of("negation") if other is not word)
            denied = denied and not stretch.of("sound")
            if denied and sheet.trust.gaps:
                yield f'"{word.text}": not all of the time was heard'
    if sheet.trust.gaps:
        return
    missing = [item for item in everything if item.has("cue", "missing")]
    if missing and not any(
        clause.of("sound") and clause.of("cue", "missing") for s in sentences for clause in s.clauses
    ):
        yield f'"{missing[0].text}": nothing was missed'
