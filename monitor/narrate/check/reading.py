"""A caption read: sentences, clauses, words with what they claim, and figures with their units."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from monitor.narrate.check.lexicon import Lexicon, Tag
from monitor.narrate.check.sentence import Clause, Item, Sentence

PLACE = "⌂"
"""Stands for the name of the place, whose words claim nothing."""

_TOKEN = re.compile(
    r"(?P<date>\b\d{4}-\d{2}-\d{2}\b)"
    r"|(?P<time>\b(?:[01]?\d|2[0-4])[:h][0-5]\d\b(?:\s*[ap]\.?m\b\.?)?|\b(?:1[0-2]|0?[1-9])(?:\.[0-5]\d)?\s*[ap]\.?m\b\.?"
    r"|\b(?:[01]?\d|2[0-3])\.[0-5]\d(?=\s*(?:uur|Uhr)\b))"
    r"|(?P<unit>\bdB\s?\(?[ACZ]?\)?(?![A-Za-z])|%|°)"
    r"|(?P<number>\b\d+(?:[.,]\d+)?(?:st|nd|rd|th|e|ste|de)?(?![^\W\d_]))"
    rf"|(?P<name>{PLACE})"
    r"|(?P<word>\b[LN]\d{1,2}\b|[^\W\d_]+(?![^\W_]))"
    r"|(?P<code>[^\W\d_]+\d\w*)"
    r"|(?P<other>\d\S*)"
    r"|(?P<stop>[.!?](?=\s|$))"
    r"|(?P<comma>[,])|(?P<semi>[;:])",
    re.IGNORECASE,
)


def normalise(text: str, names: Iterable[str]) -> str:
    """Return the text on one line with plain quotes and hyphens, names of places replaced by a mark."""
    plain = unicodedata.normalize("NFC", text)
    for old, new in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", " - "), ("—", " ; "), ("\u00a0", " ")):
        plain = plain.replace(old, new)
    for name in sorted(names, key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(name.replace('’', chr(39)))}(?!\w)"
        plain = re.sub(pattern, PLACE, plain, flags=re.IGNORECASE)
    plain = re.sub(r"n't\b", " not", plain)
    plain = re.sub(r"\bit's\b", "it is", plain, flags=re.IGNORECASE)
    plain = re.sub(r"'s\b", "", plain)
    plain = re.sub(r"(?<=[^\W\d_])-(?=[^\W\d_])", " ", plain)
    plain = re.sub(r"(?<=\d)-(?=[^\W\d_])", " ", plain)
    return re.sub(r"\bLAF,max\b", "LAFmax", plain)


def _clock(text: str) -> float:
    """Return minutes after midnight."""
    digits = re.match(r"(\d+)(?:[:.h](\d\d))?", text.lower())
    assert digits is not None
    hour, minute = int(digits[1]), int(digits[2] or 0)
    lower = text.lower()
    if "p" in lower and hour < 12:
        hour += 12
    elif "a" in lower and hour == 12:
        hour = 0
    return 60 * (hour % 24) + minute


def _raw(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        yield str(match.lastgroup), match.group()


def read(text: str, lexicon: Lexicon, names: Collection[str] = ()) -> tuple[list[Sentence], list[str]]:
    """Return the sentences of a text, and the words that the lexicon does not know.

    Names of places claim nothing: neither as a whole, nor their numbers and unknown words.
    """
    unknown: list[str] = []
    sentences: list[Sentence] = []
    parts = {part for name in names for kind, part in _raw(normalise(name, ())) if kind in ("word", "code", "number")}
    parts = {part for part in parts if not part.isalpha() or not lexicon.tags((part.lower(),))}
    raw = [("name" if part in parts else kind, part) for kind, part in _raw(normalise(text, names))]
    start = 0
    for index, (kind, _) in enumerate([*raw, ("stop", ".")]):
        if kind == "stop":
            if index > start:
                items = _items(raw[start:index], lexicon, unknown)
                sentences.append(Sentence(tuple(_parts(items, "")), tuple(_parts(items, "hard"))))
            start = index + 1
    return sentences, unknown


def _items(raw: Sequence[tuple[str, str]], lexicon: Lexicon, unknown: list[str]) -> list[Item]:
    items: list[Item] = []
    place = index = 0
    while index < len(raw):
        kind, text = raw[index]
        place += 1
        if kind == "word":
            words: tuple[str, ...] = ()
            tags: tuple[Tag, ...] = ()
            for length in range(min(lexicon.longest, len(raw) - index), 0, -1):
                chunk = raw[index : index + length]
                if any(part != "word" for part, _ in chunk):
                    continue
                words = tuple(word.lower() for _, word in chunk)
                tags = lexicon.tags(words)
                if tags:
                    break
            if not tags:
                unknown.append(text)
            items.append(Item("word", " ".join(words), place, tags))
            place += len(words) - 1
            index += max(1, len(words))
            continue
        if kind == "comma":
            place += 3
        items.append(_figure(kind, text, place))
        index += 1
    return _with_units(_joined(items))


def _joined(items: list[Item]) -> list[Item]:
    """Return the items with tones (hum, song) read with the sound that they are of, and people with their talk.

    A tone without a sound is a sound itself.
    """
    result = list(items)
    for index, item in enumerate(items):
        if item.has("certainty", "sure") and any(other.has("negation") for other in items[max(0, index - 4) : index]):
            others = tuple(tag for tag in item.tags if tag[0] != "certainty")
            result[index] = replace(item, tags=(*others, ("certainty", "unsure")))
            continue
        if item.has("tone") and not item.has("sound"):
            labels = {label for value in item.values("tone") for label in value.split("|") if label}
            tags = tuple(tag for tag in item.tags if tag[0] != "tone") or (("joined", ""),)
            if labels and not _of_a_sound(index, labels, items):
                tags = (*tags, ("sound", "|".join(sorted(labels))))
            result[index] = replace(item, tags=tags)
        elif item.labels in ({"Human sounds"}, {"Speech"}):
            beside = [other.labels for other in _beside(index, items, forward=False)]
            if {"Human sounds"} in beside or (beside and {"Speech"} in beside and item.labels == {"Human sounds"}):
                result[index] = replace(item, tags=(("joined", ""),))
            elif any(other.labels == {"Speech"} for other in _beside(index, items, backward=False)):
                result[index] = replace(item, tags=(("sound", "Speech"),))
    return result


def _of_a_sound(index: int, labels: set[str], items: list[Item]) -> bool:
    """Return whether a tone is that of a sound: 'hum of traffic', 'traffic noise', 'birds were singing'."""
    behind = next((other for other in items[index + 1 : index + 5] if other.has("sound")), None)
    if behind is not None and items[index + 1].text in ("of", "from", "made", "by", "van", "coming"):
        return True
    return any(other.labels & labels or "Noise" in labels for other in _beside(index, items))


def _beside(
    index: int, items: list[Item], reach: int = 4, forward: bool = True, backward: bool = True
) -> Iterator[Item]:
    """Yield the sounds next to an item that no comma, 'and' or boundary parts from it."""
    for step in [-1] * backward + [1] * forward:
        for distance in range(1, reach + 1):
            other = items[index + step * distance] if 0 <= index + step * distance < len(items) else None
            if other is None or other.kind != "word" or other.has("marker", "and") or other.has("boundary"):
                break
            if other.has("sound"):
                yield other
                break


def _figure(kind: str, text: str, place: int) -> Item:
    if kind == "time":
        return Item("time", text, place, value=_clock(text))
    if kind == "number":
        digits = re.match(r"\d+(?:[.,](\d+))?", text)
        assert digits is not None
        return Item(
            "number", text, place, value=float(digits[0].replace(",", ".")), decimals=len(digits[1] or ""),
            unit="" if digits[0] == text else "ordinal",
        )  # fmt: skip
    return Item(kind, text, place)


def _with_units(items: list[Item]) -> list[Item]:
    """Return the items with numbers (in digits or words) that took their unit from the word behind them."""
    result: list[Item] = []
    for index, item in enumerate(items):
        following = items[index + 1] if index + 1 < len(items) else None
        unit = ""
        if following is not None:
            unit = following.text.lower() if following.kind == "unit" else next(iter(following.values("unit")), "")
            unit = {"%": "percent"}.get(unit, "db" if unit.startswith("db") else unit)
            if following.kind == "unit" and re.search(r"[cz]\b", following.text.lower()):
                unit = "other"
        if item.kind == "word" and item.has("number") and unit in ("second", "minute", "hour"):
            value = float(item.values("number")[0])
            item = Item("number", item.text, item.place, (), value, 0, unit)
        elif item.kind == "number" and unit and not item.unit:
            item = Item("number", item.text, item.place, (), item.value, item.decimals, unit)
        result.append(item)
    return result


def _parts(items: list[Item], kind: str) -> Iterator[Clause]:
    """Yield what boundaries part: those of a kind, or all."""
    part: list[Item] = []
    for item in items:
        if item.kind == "semi" or item.has("boundary", kind or None):
            if part:
                yield Clause(tuple(part))
            part = [item] if item.kind == "word" else []
        else:
            part.append(item)
    if part:
        yield Clause(tuple(part))
