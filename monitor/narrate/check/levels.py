"""Which levels of the facts a figure in dB may be."""

from monitor.narrate.check.belonging import cue_of, nearest
from monitor.narrate.check.exactness import clock
from monitor.narrate.check.owners import Owners
from monitor.narrate.check.sentence import Clause, Item
from monitor.narrate.facts.sheet import FactSheet

LEVEL_CUES = ("average", "peak", "background", "lden", "by")


def levels(of: Owners, figure: Item) -> list[float | None]:
    """Return the levels of the facts, dB, that a figure may tell, by the cue that it stands with."""
    level = of.sheet.level
    values: list[float | None] = [entry.LAeq for entry in of.extremes(figure)]
    if of.sheet.kind == "day":
        if any(0 < word.place - figure.place <= 3 for word in of.stretch.of("whole")):
            return [of.sheet.lden if of.stretch.of("cue", "lden") else level.LAeq]
        named = {value for item in of.owners(figure, of.stretch.of("part")) for value in item.values("part")}
        if named and not of.ranges:
            values = []
        values += [part.LAeq for part in of.sheet.parts if part.part in named]
        if named and not of.ranges:
            return values
    cues = [item for name in LEVEL_CUES for item in of.stretch.of("cue", name)]
    cues += [item for item in of.stretch.of("compare", "usual") if item not in cues]
    cue = cue_of(figure, cues, of.alike(figure), of.stretch.items)
    owner = nearest(figure, of.owners(figure, of.sounds), 99)
    stood_out = of.at_the_time(of.notable(figure))
    if owner is None and of.last is None:
        times = {clock(item) for item in of.stretch.figures()}
        stood_out = [entry for entry in stood_out if entry.at.clock in times]
    peaks: list[float | None] = [entry.LAFmax for entry in stood_out]
    if cue is None:
        return [*values, level.LAeq, *peaks]
    if cue.has("compare", "usual"):
        its_own = _beside_the_usual(of.stretch, figure, cue)
        return [*values, *_differences(of.sheet, versus=True), level.LAeq if its_own else level.usual_LAeq]
    if cue.has("cue", "average"):
        return [*values, level.LAeq]
    if cue.has("cue", "peak"):
        if values and of.stretch.of("unit"):
            return values
        if owner is not None and _reached(cue, owner, of.stretch):
            return [*values, *peaks]
        if owner is None or _of_all(cue, owner, of.stretch):
            return [*values, level.LAFmax, *([] if owner else peaks)]
        said_of_it = bool(peaks) or 0 < cue.place - owner.place <= 2
        return [*values, *peaks] if said_of_it and not cue.has("marker", "level") else [*values, level.LAFmax, *peaks]
    if cue.has("cue", "background"):
        return [*values, level.L90]
    if cue.has("cue", "lden"):
        return [of.sheet.lden]
    compared = [level.LAeq, *peaks] if cue.has("marker", "than") else []
    if any(0 < word.place - figure.place <= 5 for word in of.stretch.of("compare", "usual")):
        compared.append(level.usual_LAeq)  # 'below the 56 dB(A) that is usual'
    return [*values, *compared, *_differences(of.sheet, versus=False), *_differences(of.sheet, versus=True)]


def _of_all(cue: Item, owner: Item, stretch: Clause) -> bool:
    """Return whether 'a highest level of 82 dB(A)' is that of the whole, not what a sound named before it reached."""
    ahead = [item.text for item in stretch.items if 0 < cue.place - item.place <= 2]
    general = cue.text.startswith(("highest", "maximum", "max", "lafmax", "at the highest"))
    return general and not {"its", "their", "whose"} & set(ahead) and abs(cue.place - owner.place) > 2


def _reached(cue: Item, owner: Item, stretch: Clause) -> bool:
    """Return whether a sound is said to have reached the level: 'traffic reached a highest level of 82 dB(A)'."""
    between = [item for item in stretch.items if owner.place < item.place < cue.place]
    verbs = [index for index, item in enumerate(between) if item.has("cue", "peak")]
    return bool(verbs) and not any(item.unit == "db" for item in between[verbs[0] :])


def _beside_the_usual(stretch: Clause, figure: Item, usual: Item) -> bool:
    """Return whether a figure is told of the level that is compared: 'louder than usual at 63 dB(A)'."""
    if figure.place > usual.place:
        return any(item.text in ("at", "with") and 0 < figure.place - item.place <= 3 for item in stretch.items)
    between = [item for item in stretch.items if figure.place < item.place <= usual.place]
    return any(item.has("compare", name) for item in between for name in ("louder", "quieter", "same"))


def _differences(sheet: FactSheet, versus: bool) -> list[float | None]:
    level = sheet.level
    if versus:
        return [abs(level.difference)] if level.difference is not None and level.versus is not None else []
    return [abs(change.difference) for change in sheet.changes if change.what == "level"]
