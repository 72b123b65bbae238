"""Whether place and time of day are told as they are, and no cause or detail of another kind is added."""

from collections.abc import Iterator

from monitor.narrate.check.belonging import nearest
from monitor.narrate.check.sentence import Clause, Item, Sentence
from monitor.narrate.facts.sheet import FactSheet, When

NAMES = {
    "park": ("park", "garden", "tuin", "plantsoen"),
    "public_square": ("square", "plaza", "plein"),
    "street_traffic": ("street", "road", "avenue", "straat", "weg", "laan"),
}

_BEING = ("was", "were", "is", "are", "did", "does", "had", "and", "or", "in", "with")


def check_setting(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each word about place, time or data that the facts do not support."""
    for sentence in sentences:
        yield from _scene(sentence, sheet)
        yield from _time(sentence, sheet)
        for item in sentence.of("forbidden"):
            if item.has("cue") and any(0 < item.place - other.place <= 6 for other in sentence.items if other.unit):
                continue
            yield f'"{item.text}" is not among the facts ({item.values("forbidden")[0]})'
        yield from _at_once(sentence)
        causes = sentence.of("cause")
        doubts = sentence.of("quality") or sentence.of("cue", "missing") or sentence.of("cue", "data")
        if causes and not doubts:
            yield f'"{causes[0].text}": no cause is among the facts'


def _at_once(sentence: Sentence) -> Iterator[str]:
    """Refuse a change that is told together with what a sound did: 'it became louder as the traffic grew'."""
    items = [item for item in sentence.items if item.kind != "comma"]
    for index, item in enumerate(items):
        if item.text not in ("as", "when", "once") or not any(
            before.has("compare") or before.has("change") for before in items[max(0, index - 8) : index]
        ):
            continue
        sound = next((k for k in range(index + 1, min(index + 6, len(items))) if items[k].has("sound")), None)
        if sound is None or any(other.has("feeling") or other.unit for other in items[index:sound]):
            continue
        behind = items[sound + 1 : sound + 8]
        if (behind and behind[0].text in _BEING) or any(i.has("standout") or i.has("cue", "peak") for i in behind):
            continue
        yield f'"{item.text} {items[sound].text}": no cause is among the facts'


def _scene(sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    scene = sheet.scene
    likely = {scene.label, scene.other} if scene is not None else set()
    kind = f"{sheet.place_kind or ''} {sheet.place or ''}".lower()
    named = {label for label, words in NAMES.items() if any(word in kind for word in words)}
    for item in sentence.of("scene"):
        labels = set(item.values("scene"))
        if "other" in labels and item.text in kind:
            continue
        if item.has("sound"):
            continue
        stretch = next(stretch for stretch in sentence.stretches if item in stretch.items)
        if scene is not None and scene.other and stretch.of("instead") and {scene.label, scene.other} <= _told(stretch):
            yield f'"{item.text}": the two scenes cannot be told apart'
        if scene is not None and scene.other and _preferred(stretch) and {scene.label, scene.other} <= _told(stretch):
            yield f'"{item.text}": neither of the two scenes is likelier'
        likened = any(0 < item.place - word.end <= 3 for word in stretch.of("marker", "like"))
        if not labels & (likely if likened and scene is not None else likely | named):
            yield f'"{item.text}" is not the scene'
        elif likened and scene is not None and scene.certainty == "clear" and _only_possible(item, stretch):
            yield f'"{item.text}": the scene is clear, not only possible'
        elif (likened or not labels & named) and scene is not None and scene.certainty != "clear":
            doubts = [word for word in stretch.of("certainty") if 0 < item.place - word.place <= 14]
            told = doubts[-1] if doubts else nearest(item, stretch.of("certainty"))
            sure = told is not None and told.has("certainty", "sure")
            probable = told is not None and told.has("certainty", "probable") and not _both(stretch, sheet)
            if scene.certainty == "possible" and told is not None and probable:
                yield f'"{item.text}": the scene is only possible, not {told.text}'
            elif sure or not (_doubted(item, sentence) or _both(stretch, sheet)):
                yield f'"{item.text}": the scene is not certain'


def _preferred(stretch: Clause) -> bool:
    """Return whether one scene is told as likelier than another: 'more like a park than like a square'."""
    scenes = [item.place for item in stretch.of("scene")]
    more = [item for item in stretch.items if item.text in ("more", "rather", "likelier") and item.place < max(scenes)]
    return bool(more) and any(min(scenes) < word.place < max(scenes) for word in stretch.of("marker", "than"))


def _only_possible(scene: Item, stretch: Clause) -> bool:
    ahead = [word for word in stretch.hedges if 0 < scene.place - word.place <= 8]
    return bool(ahead) and ahead[-1].has("certainty", "possible")


def _doubted(scene: Item, sentence: Sentence) -> bool:
    """Return whether a sentence doubts a scene: before it, or after it but not of a sound that follows."""
    sounds = sentence.of("sound")
    behind = [hedge for hedge in sentence.hedges if hedge.place > scene.place]
    plain = [hedge for hedge in behind if not any(abs(sound.place - hedge.place) <= 2 for sound in sounds)]
    return bool(plain) or any(hedge.place < scene.place for hedge in sentence.hedges)


def _both(stretch: Clause, sheet: FactSheet) -> bool:
    """Return whether both scenes that cannot be told apart are told."""
    scene = sheet.scene
    return scene is not None and scene.other is not None and {scene.label, scene.other} <= _told(stretch)


def _told(stretch: Clause) -> set[str]:
    return {value for item in stretch.of("scene") for value in item.values("scene")}


def _time(sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    when = sheet.when
    for item in sentence.items:
        if item.has("part") or item.has("weekday") or item.has("light"):
            if when is None:
                yield f'"{item.text}": the time of day is not known'
                continue
            if item.has("part"):
                known: set[str] = {part.part for part in sheet.parts} if sheet.kind == "day" else {when.part}
                known |= {"noon"} if sheet.kind == "day" else _noon_or_midnight(when)
                if not known & set(item.values("part")):
                    yield f'"{item.text}" is not when it was'
            if item.has("weekday") and not _weekday(item.values("weekday"), when.weekday):
                yield f'"{item.text}" is not the day it was'
            if item.has("light") and when.light not in item.values("light"):
                yield f'"{item.text}": this light is not among the facts'
        elif item.has("month") and not item.has("certainty"):
            month = "" if when is None else str(int(when.date[5:7]))
            if month not in item.values("month"):
                yield f'"{item.text}" is not the month it was'


def _noon_or_midnight(when: When) -> set[str]:
    """Return the names of the hours that an interval lies within an hour of."""
    start, end = (60 * int(text[:2]) + int(text[3:]) for text in (when.start, when.end))
    near = {"noon": 720, "midnight": 1440 if start > 720 else 0}
    end += 1440 if end < start else 0
    return {name for name, minute in near.items() if start - 60 <= minute <= end + 60}


def _weekday(values: list[str], weekday: int) -> bool:
    return str(weekday) in values or ("weekend" in values and weekday >= 5) or ("working" in values and weekday < 5)
