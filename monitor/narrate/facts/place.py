"""Names that an operator typed, made fit to be shown and to be quoted to a language model."""

import re
import unicodedata

_PLAIN = " '’.,&()-/"
_LINK = re.compile(r"(?:https?:|www\.)\S*|\S+@\S+", re.IGNORECASE)
_SPEAKS = re.compile(
    r"\b(?:ignore|disregard|forget|instructions?|prompt|system|assistant|user|output|respond|answer|reply|say|write|"
    r"negeer|vergeet|instructies?|antwoord|schrijf|zeg)\b",
    re.IGNORECASE,
)


def clean(name: str | None, longest: int) -> str | None:
    """Return a name on one line with letters, digits, spaces and plain punctuation only; None when nothing is left."""
    if name is None:
        return None
    text = _LINK.sub(" ", unicodedata.normalize("NFC", name))
    allowed = (mark.isalnum() or unicodedata.category(mark)[0] == "M" or mark in _PLAIN for mark in text)
    kept = "".join(mark if good else " " for mark, good in zip(text, allowed, strict=True))
    return " ".join(kept.split())[:longest].strip(" '’.,&(-/") or None


def commands(name: str | None) -> bool:
    """Return whether a name reads like an instruction to a language model, which then never sees it."""
    return name is not None and (_SPEAKS.search(name) is not None or len(name.split()) > 8)
