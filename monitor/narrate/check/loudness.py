"""Whether degrees of loudness, comparisons and changes of level are those of the facts."""

from collections.abc import Iterator

from monitor.narrate.check.belonging import denied, nearest
from monitor.narrate.check.exactness import at_moment
from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.facts.bands import LEVELS
from monitor.narrate.facts.clock_face import part_of_day
from monitor.narrate.facts.sheet import FactSheet


def check_loudness(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each degree of loudness, comparison or change of level that the facts do not support."""
    for sentence in sentences:
        for clause in sentence.clauses:
            for item in clause.items:
                if item.has("level") and not item.has("compare"):
                    yield from _level(item, clause, sentence, sheet)
                if item.has("compare", "louder") or item.has("compare", "quieter"):
                    yield from _comparative(item, clause, sentence, sheet)
                if item.has("compare", "unusually"):
                    yield from _unusually(item, clause, sheet)
            yield from _usual(clause, sheet)
            yield from _superlatives(clause, sheet)
            yield from _steadiness(clause, sheet)
            yield from _turn(clause, sheet)


def _bands(item: Item, clause: Clause) -> set[str]:
    bands = {band for value in item.values("level") for band in value.split("|")}
    degree = clause.degrees(item)
    if any(word.has("degree", "very") for word in degree):
        bands = {f"very {band}" if f"very {band}" in LEVELS else band for band in bands - {"very quiet", "very loud"}}
    elif any(word.has("degree", "slightly") for word in degree):
        bands -= {"very quiet", "very loud"}
    return bands


def _level(item: Item, clause: Clause, sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    level = sheet.level
    if clause.of("quality") and sentence.of("negation"):
        return
    if any(0 < item.place - word.place <= 2 for word in clause.of("compare", "unusually")):
        return
    if item.has("marker", "size") and not any(
        abs(other.place - item.place) <= 3 and other.has("marker", "level") for other in clause.items
    ):
        return
    bands = _bands(item, clause)
    if clause.of("change", "verb") or (sentence.of("change", "verb") and sentence.of("feeling")):
        after = {change.after for change in sheet.changes if change.what == "level"}
        if ("louder" in after and "loud" in bands) or ("quieter" in after and "quiet" in bands):
            return
    told = [other for other in clause.items if other.unit == "db" and 0 < other.place - item.end <= 2]
    very = any(word.has("degree", "very") for word in clause.degrees(item))
    if level.band == "very quiet" and item.text == "quiet" and told and not very:
        yield f'"{item.text}" is not how loud it was: the level is {level.band}'
        return
    quiet = sheet.quiet or (level.band in ("quiet", "very quiet"))
    actual = {level.band} | ({level.loudness} if clause.of("cue", "n5") else set())
    if denied(item, clause):
        if level.band is None or bands & actual:
            yield f'that it was not "{item.text}" is not among the facts'
    elif not bands & actual and not (quiet and "quiet" in bands and "very" not in item.text and level.band is None):
        why = " (the microphone is uncalibrated)" if level.band is None else f": the level is {level.band}"
        yield f'"{item.text}" is not how loud it was{why}'


def _comparative(item: Item, clause: Clause, sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    louder = item.has("compare", "louder")
    direction = "louder" if louder else "quieter"
    versus = sheet.level.versus or ""
    if denied(item, clause) and clause.of("compare", "usual"):
        if versus != "usual":
            yield f'"not {item.text}": the comparison with the usual level is not among the facts'
        return
    stretch = next(stretch for stretch in sentence.stretches if item in stretch.items)
    timed = any(time.kind == "time" for time in clause.items)
    turning = timed and clause.of("change", "verb") and not item.has("compare", "usual")
    if stretch.of("compare", "usual") and not turning:
        if direction not in versus:
            yield f'"{item.text}" than usual is not among the facts'
        degree = clause.degrees(item)
        if any(word.has("degree", "much") for word in degree) and not versus.startswith("much"):
            yield f'"{degree[0].text} {item.text}" is more than the facts say'
        if any(word.has("degree", "slightly") for word in degree) and versus.startswith("much"):
            yield f'"{degree[0].text} {item.text}" is less than the facts say'
        return
    changes = {change.after for change in sheet.changes if change.what == "level"}
    start = [word for word in clause.of("change", "from") if abs(item.place - word.place) <= 3]
    start = [
        word
        for word in start
        if not any(0 < time.place - word.place <= 3 and time.kind == "time" for time in clause.items)
    ]
    if start and not clause.of("change", "verb"):
        changes = {change.before for change in sheet.changes if change.what == "level"}
    if not clause.of("change") and not any(time.kind == "time" for time in clause.items) and direction in versus:
        return
    if sheet.kind == "day" and sentence.of("part"):
        yield from _between_parts(item, louder, clause, sentence, sheet)
        return
    if direction not in changes:
        yield f'"{item.text}" is not among the facts'


def _between_parts(item: Item, louder: bool, clause: Clause, sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    """Judge 'the evening was quieter' by the levels of the last two parts of the day named up to it."""
    levels = {part.part: part.LAeq for part in sheet.parts if part.LAeq is not None}
    named = [value for word in sentence.of("part") if word.place < item.place for value in word.values("part")]
    known = [levels[value] for value in dict.fromkeys(named) if value in levels]
    if len(known) < 2:
        return
    difference = (known[-1] - known[-2]) * (1 if louder else -1)
    if (difference > 1) if denied(item, clause) else (difference < 0):
        yield f'"{item.text}" is not how the parts of the day differ'


def _unusually(item: Item, clause: Clause, sheet: FactSheet) -> Iterator[str]:
    word = nearest(item, clause.of("level"), reach=2)
    if word is None:
        return
    loud = any("loud" in value for value in word.values("level"))
    if ("louder" if loud else "quieter") not in (sheet.level.versus or ""):
        yield f'"{item.text} {word.text}" is not among the facts'


def _usual(clause: Clause, sheet: FactSheet) -> Iterator[str]:
    usual = clause.of("compare", "usual")
    if not usual:
        return
    versus = sheet.level.versus
    if versus is None:
        yield f'"{usual[0].text}": what is usual here is not known'
    elif versus != "usual" and _alike(clause, usual):
        if not clause.of("compare", "louder") and not clause.of("compare", "quieter"):
            yield f'"{usual[0].text}": the level differs from the usual one'
    elif versus != "usual" and not _compared(clause):
        yield f'"{usual[0].text}": the level differs from the usual one'


def _alike(clause: Clause, usual: list[Item]) -> bool:
    """Return whether the level is told as the usual one: 'as loud as usual', 'about the same as the usual 40 dB(A)'."""
    same = clause.of("compare", "same")
    figures = any(item.unit == "db" for item in clause.items)
    return any(not figures or 0 <= word.place - item.end <= 2 for item in same for word in usual)


def _compared(clause: Clause) -> bool:
    """Return whether a clause says how the level differs: a comparative, or a figure."""
    if clause.of("cue", "by") or any(item.unit == "db" for item in clause.items):
        return True
    return any(clause.of("compare", name) for name in ("louder", "quieter", "unusually"))


def _superlatives(clause: Clause, sheet: FactSheet) -> Iterator[str]:
    known = {extreme.what for extreme in sheet.extremes}
    if any(entry.LAFmax is not None for entry in sheet.notable) or sheet.level.LAFmax is not None:
        known.add("loudest")
    if sheet.level.L90 is not None and clause.figures():
        known.add("quietest")
    parts = {value for item in clause.of("part") for value in item.values("part")}
    for name in ("loudest", "quietest", "calmest"):
        for item in clause.of("compare", name):
            if name not in known:
                yield f'"{item.text}" is not among the facts'
            elif not _when(name, clause, sheet):
                yield f'"{item.text}" is not when that was'
            elif parts and not clause.figures():
                if not parts & _parts_of(name, sheet):
                    yield f'"{item.text}" is not what that part of the day was'
            elif not clause.figures() and clause.of("sound"):
                yield f'"{item.text}": say when, or how loud'


def _when(name: str, clause: Clause, sheet: FactSheet) -> bool:
    """Return whether 'the loudest minute came at the end' is so; true where no such moment is told."""
    words = clause.of("moment")
    at = [entry.start.offset_s / sheet.duration_s for entry in sheet.extremes if entry.what == name]
    if not words or not at or clause.of("sound") or clause.of("standout"):
        return True
    return any(at_moment(word, at) for word in words)


def _parts_of(name: str, sheet: FactSheet) -> set[str]:
    """Return the parts of the day that may be called loudest, quietest or calmest."""
    hours = {part_of_day(int(e.start.clock[:2])) for e in sheet.extremes if e.what == name and e.start.clock}
    levels = {part.part: part.LAeq for part in sheet.parts if part.LAeq is not None}
    if levels and name != "calmest":
        hours.add((max if name == "loudest" else min)(levels, key=lambda part: levels[part]))
    return set(hours)


def _steadiness(clause: Clause, sheet: FactSheet) -> Iterator[str]:
    """Judge words like 'hardly varied' where they are said of the level."""
    for item in clause.of("steadiness"):
        near = [word for word in clause.items if abs(word.place - item.place) <= 12]
        if not any(word.has("marker", "level") or word.has("cue", "average") or word.has("level") for word in near):
            continue
        if item.has("compare") or (item.has("change") and clause.of("feeling")):
            continue
        told = "steady" if (item.has("steadiness", "steady") != denied(item, clause)) else "varied"
        if told != sheet.level.steadiness:
            yield f'"{item.text}" is not how the level varied'


def _turn(clause: Clause, sheet: FactSheet) -> Iterator[str]:
    """Judge 'the level rose at 17:40' by the change of level."""
    subject = clause.of("marker", "level") or clause.of("level")
    after = {change.after for change in sheet.changes if change.what == "level"}
    for name, direction in (("up", "louder"), ("down", "quieter")):
        for item in clause.of("change", name):
            behind = [other for other in clause.items if 0 < other.place - item.place <= 4]
            by = any(other.text == "by" for other in behind)
            of_figure = any(other.unit == "db" for other in behind) and not by
            if item.has("cue", "peak") or of_figure or not (subject or by):
                continue
            if direction not in after and not nearest(item, clause.of("compare", "usual"), 4):
                yield f'"{item.text}" is not how the level changed'
