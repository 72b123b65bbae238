"""Whether every figure of a caption is one of the facts, told of the right thing."""

from collections.abc import Iterable, Iterator

from monitor.narrate.reading import Clause, Item, Sentence
from monitor.narrate.sheet import FactSheet, Moment, Notable

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
REACH = 13
"""Words beyond which a cue no longer belongs to a figure."""
LEVEL_CUES = ("average", "peak", "background", "lden", "by")


def nearest(item: Item, others: Iterable[Item], reach: int = REACH) -> Item | None:
    """Return the one of the others that stands nearest to an item, what stands before it first; None beyond reach."""
    found = [(abs(other.place - item.place), other.place > item.place, other) for other in others if other is not item]
    best = min(found, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] <= reach else None


def owner(figure: Item, clause: Clause, sheet: FactSheet) -> Item | None:
    """Return the sound that a figure belongs to: the one before it, or behind it where figures come first."""
    sounds = [item for item in clause.of("sound") if not item.has("quality")]
    bounds = (sheet.when.start, sheet.when.end) if sheet.when is not None else ()
    figures = [item for item in clause.figures() if clock(item) not in bounds] or [figure]
    first = bool(sounds) and figures[0].place < sounds[0].place
    side = [item for item in sounds if (item.place > figure.place) == first]
    return nearest(figure, side)


def clock(item: Item) -> str:
    """Return a time as HH:MM."""
    return f"{int(item.value) // 60:02d}:{int(item.value) % 60:02d}" if item.kind == "time" else ""


def check_figures(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each figure that the facts do not support."""
    for sentence in sentences:
        for clause in sentence.clauses:
            for figure in clause.figures():
                reason = _judge(figure, clause, sentence, sheet)
                if reason:
                    yield reason
            for index, item in enumerate(clause.items):
                if item.kind == "word" and item.has("number") and _counts(item, clause.items[index + 1 : index + 3]):
                    yield f'"{item.text}": no count is among the facts'
                elif item.kind == "other":
                    yield f'"{item.text}" cannot be read'


def _counts(number: Item, following: tuple[Item, ...]) -> bool:
    """Return whether a number in words counts something; 'one' also stands for anybody."""
    return not number.has("number", "1") or any(item.has("sound") for item in following)


def _judge(figure: Item, clause: Clause, sentence: Sentence, sheet: FactSheet) -> str | None:
    if figure.kind == "time":
        return _time(figure, clause, sheet)
    if figure.kind == "date":
        good = sheet.when is not None and figure.text == sheet.when.date
        return None if good else f"the date {figure.text} is not among the facts"
    if figure.unit == "db":
        good = any(fits(figure, value, clause) for value in _levels(figure, clause, sentence, sheet))
        return None if good else f"{figure.text} dB is not among the facts, or not of this"
    if figure.unit == "percent":
        good = any(fits(figure, value, clause, 3) for value in _shares(figure, clause, sheet))
        return None if good else f"{figure.text} % is not among the facts, or not of this"
    if figure.unit == "sone":
        good = sheet.level.N5 is not None and fits(figure, sheet.level.N5, clause)
        return None if good else f"{figure.text} sone is not among the facts"
    if figure.unit in SECONDS:
        good = _duration(figure, clause, sheet)
        return None if good else f'"{figure.text} {figure.unit}" is not among the facts, or not of this'
    return None if _of_date(figure, clause, sheet) else f'the number "{figure.text}" is not among the facts'


def approximate(figure: Item, clause: Clause) -> bool:
    """Return whether 'about' or the like stands right before a figure."""
    return any(0 < figure.place - item.place <= 4 for item in clause.of("approx"))


def fits(figure: Item, value: float | None, clause: Clause, slack: float = 1.0) -> bool:
    """Return whether a figure is a value rounded to the decimals told; 'about' adds some slack."""
    if value is None:
        return False
    tolerance = 0.5 * 10.0**-figure.decimals + 0.051
    return abs(figure.value - value) <= (max(tolerance, slack) if approximate(figure, clause) else tolerance)


def _notable(item: Item | None, sheet: FactSheet) -> list[Notable]:
    """Return what stood out of the sound that an item names; of any, without an item."""
    if item is None:
        return list(sheet.notable)
    labels = {label for value in item.values("sound") for label in value.split("|")}
    return [entry for entry in sheet.notable if entry.label in labels]


_SUPERLATIVES = {"loudest", "quietest", "calmest"}


def _before(item: Item, others: Iterable[Item]) -> Item | None:
    """Return the last of the others that stands before an item."""
    return max((other for other in others if other.place < item.place), key=lambda other: other.place, default=None)


def _at_the_time(entries: list[Notable], clause: Clause) -> list[Notable]:
    """Return those that stood out at a time named in the clause, where it names the time of any."""
    times = {clock(item) for item in clause.figures()}
    return [entry for entry in entries if entry.at.clock in times] or entries


def _levels(figure: Item, clause: Clause, sentence: Sentence, sheet: FactSheet) -> list[float | None]:
    level = sheet.level
    cues = [item for name in LEVEL_CUES for item in clause.of("cue", name)]
    cues += clause.of("compare", "usual")
    cue = nearest(figure, cues)
    sound = owner(figure, clause, sheet)
    if sheet.kind == "day" and clause.of("part") and not clause.of("compare", "loudest"):
        parts = {value for item in clause.of("part") for value in item.values("part")}
        return [part.LAeq for part in sheet.parts if part.part in parts]
    loudest = [extreme.LAeq for extreme in sheet.extremes if extreme.what == "loudest"]
    quietest = [extreme.LAeq for extreme in sheet.extremes if extreme.what == "quietest"]
    superlative = _before(figure, [item for item in clause.items if _SUPERLATIVES & set(item.values("compare"))])
    if superlative is not None and superlative.has("compare", "quietest"):
        return [*quietest, level.L90]
    if cue is None:
        stood_out = _at_the_time(_notable(sound, sheet), clause) if sound is not None else []
        return [level.LAeq, *(entry.LAFmax for entry in stood_out)]
    if cue.has("cue", "average"):
        return [level.LAeq]
    if cue.has("cue", "peak"):
        if sound is None and clause.items[0].has("boundary"):
            ahead = [item for item in sentence.of("sound") if item.place < clause.items[0].place]
            sound = ahead[-1] if ahead and _notable(ahead[-1], sheet) else None
        stood_out = _at_the_time(_notable(sound, sheet), clause)
        if sound is not None and (stood_out or 0 < cue.place - sound.place <= 2):
            return [entry.LAFmax for entry in stood_out]
        timed = [entry.LAFmax for entry in stood_out if entry.at.clock in {clock(time) for time in clause.figures()}]
        return [level.LAFmax, *(loudest if superlative is not None else []), *timed]
    if cue.has("cue", "background"):
        return [level.L90, *quietest]
    if cue.has("cue", "lden"):
        return [sheet.lden]
    differences = [abs(change.difference) for change in sheet.changes if change.what == "level"]
    versus = [abs(level.difference)] if level.difference is not None and level.versus is not None else []
    if clause.of("compare", "usual"):
        return [*versus, level.usual_LAeq]
    return [*differences, *versus]


def _shares(figure: Item, clause: Clause, sheet: FactSheet) -> list[float | None]:
    trust = sheet.trust
    sound = owner(figure, clause, sheet)
    doubts = [item.text for item in clause.of("quality", "other")]
    if doubts:
        if any("wind" in text for text in doubts):
            return [trust.wind_pct]
        if any(text.startswith(("overl", "overst", "satur", "clip")) for text in doubts):
            return [trust.overload_pct]
    if sound is not None:
        labels = {label for value in sound.values("sound") for label in value.split("|")}
        return [100 * entry.share for entry in sheet.sounds if entry.label in labels and entry.share is not None]
    if clause.of("cue", "missing"):
        return [100 - trust.coverage_pct]
    if clause.of("cue", "coverage"):
        return [trust.coverage_pct]
    return [trust.under_range_pct] if doubts or clause.of("level") else []


def _moments(clause: Clause, figure: Item, sheet: FactSheet) -> list[Moment]:
    """Return the moments that a time in this clause may tell of."""
    sound = owner(figure, clause, sheet)
    if sound is not None:
        return [entry.at for entry in _notable(sound, sheet)]
    superlatives = [item for item in clause.items if _SUPERLATIVES & set(item.values("compare"))]
    if superlatives:
        chosen = _before(figure, superlatives) or superlatives[0]
        named = set(chosen.values("compare"))
        hours = [entry for entry in sheet.extremes if entry.what in named]
        loudest = max((entry.LAFmax or 0 for entry in sheet.notable), default=0)
        tops = [entry.at for entry in sheet.notable if (entry.LAFmax or 0) == loudest and "loudest" in named]
        return [entry.start for entry in hours] + [entry.end for entry in hours] + tops
    if clause.of("feeling") and not clause.of("compare", "louder") and not clause.of("compare", "quieter"):
        return [change.at for change in sheet.changes if change.what == "affect"]
    changes = [change.at for change in sheet.changes]
    return changes + [entry.at for entry in sheet.notable] + [entry.start for entry in sheet.extremes]


def _time(figure: Item, clause: Clause, sheet: FactSheet) -> str | None:
    if sheet.when is None:
        return f"the time of day ({figure.text}) is not known"
    told = clock(figure)
    times = [item for item in clause.items if item.kind == "time"]
    index = times.index(figure)
    pairs = [times[i : i + 2] for i in (index - 1, index) if i >= 0 and len(times[i : i + 2]) == 2]
    ranges = [(sheet.when.start, sheet.when.end)] + [
        (entry.start.clock, entry.end.clock) for entry in sheet.extremes if entry.start != entry.end
    ]
    for first, second in pairs:
        if (clock(first), clock(second)) == ranges[0]:
            return None
        if (clock(first), clock(second)) in ranges and told in {m.clock for m in _moments(clause, figure, sheet)}:
            return None
    moments = {moment.clock for moment in _moments(clause, figure, sheet)}
    if told in moments:
        return None
    if not clause.of("sound") and not clause.of("change", "verb") and len(times) == 1:
        bounds = {sheet.when.start} if clause.of("change", "from") else set()
        if told in bounds or (told == sheet.when.end and clause.of("change", "from")):
            return None
    return f"the time {figure.text} is not among the facts, or not of this"


def _duration(figure: Item, clause: Clause, sheet: FactSheet) -> bool:
    seconds = figure.value * SECONDS[figure.unit]
    tolerance = max(1.0, 0.5 * SECONDS[figure.unit] if figure.unit != "second" else 0.6)
    if approximate(figure, clause):
        tolerance = max(tolerance, 0.1 * seconds)
    sound = nearest(figure, clause.of("sound"), reach=4)
    offsets = [moment.offset_s for moment in _moments(clause, figure, sheet)]
    lengths = [entry.seconds for entry in _notable(sound, sheet)] if sound is not None else []
    if any(abs(seconds - value) <= tolerance for value in [*offsets, *lengths]):
        return True
    after = next((item for item in clause.items if item.place > figure.place + 1), None)
    if after is not None and after.has("marker", "into") and after.place <= figure.place + 3:
        before = [item for item in clause.items if item.place < figure.place]
        if not (before and before[-1].has("marker", "span")):
            return False
    whole = abs(seconds - sheet.duration_s) <= max(1.0, 0.01 * sheet.duration_s)
    return whole and (sound is None or not clause.items or sound.place > figure.place or _throughout(sound, sheet))


def _throughout(sound: Item, sheet: FactSheet) -> bool:
    labels = {label for value in sound.values("sound") for label in value.split("|")}
    return any(entry.label in labels and (entry.share or 0) >= 0.98 for entry in sheet.sounds)


def _of_date(figure: Item, clause: Clause, sheet: FactSheet) -> bool:
    if sheet.when is None or figure.decimals:
        return False
    year, month, day = (int(part) for part in sheet.when.date.split("-"))
    beside = [item for item in clause.of("month") if abs(item.place - figure.place) <= 3]
    right_month = any(str(month) in item.values("month") for item in beside)
    return right_month and figure.value in (year, day)
