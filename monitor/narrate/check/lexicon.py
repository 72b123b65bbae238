"""What the words of a language claim, read from its lexicon file."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

Tag = tuple[str, str]
"""Category and value: ('sound', 'Bird'), ('feeling', 'calm'), ('neutral', '')."""
NEUTRAL = "neutral"

_CHOICE = re.compile(r"\(([^()]*)\)")
_DOUBLED = re.compile(r".*[^aeiou][aeiou][bdgklmnprt]")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases, as tuples of lower-case words, and what each claims."""

    phrases: Mapping[tuple[str, ...], tuple[Tag, ...]]
    longest: int

    def tags(self, words: tuple[str, ...]) -> tuple[Tag, ...]:
        """Return what a phrase claims; nothing for an unknown one."""
        return self.phrases.get(words, ())


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.lower().replace("-", " ").replace("'", " ").split())


def _spelled_out(phrase: str) -> Iterator[str]:
    """Yield a phrase with each of its choices: 'the (whole|full) time' gives two."""
    found = _CHOICE.search(phrase)
    if found is None:
        yield phrase
        return
    for choice in found[1].split("|"):
        yield from _spelled_out(phrase[: found.start()] + choice + phrase[found.end() :])


def _listed(entries: str) -> Iterator[tuple[str, ...]]:
    for phrase in entries.split(","):
        for spelled in _spelled_out(phrase):
            words = _words(spelled)
            if words:
                yield words


def _forms(word: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield a word with each ending: carry, carries, carried; stop, stopped; note, noting. Some do not exist."""
    for ending in endings:
        yield word + ending
        if word.endswith("e") and ending[0] in "aeiou":
            yield word[:-1] + ending
        elif word.endswith("le") and ending == "ly":
            yield word[:-1] + "y"
        elif word.endswith("y") and ending != "ing":
            yield word[:-1] + "i" + ending
        elif word.endswith("ic") and ending == "ly":
            yield word + "ally"
        elif ending[0] in "aeiou" and _DOUBLED.fullmatch(word):
            yield word + word[-1] + ending


def _phrases(tables: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, ...], tuple[Tag, ...]]:
    """Return the tags of every phrase: what is listed before what is inflected, then a claim before neutral."""
    ranks: tuple[dict[tuple[str, ...], dict[Tag, None]], ...] = ({}, {}, {}, {})
    form = tables.get("form", {})
    for category, entries in tables.items():
        if category == "form":
            continue
        rank = 1 if category == NEUTRAL else 0
        for value, listed in entries.items():
            tag = (category, "" if value == "words" or category == NEUTRAL else value)
            endings = tuple(form.get(f"{category}.{value}", form.get(category, "")).split())
            for words in _listed(listed):
                ranks[rank].setdefault(words, {})[tag] = None
                for inflected in _forms(words[0], endings) if len(words) == 1 else ():
                    ranks[rank + 2].setdefault((inflected,), {})[tag] = None
    phrases: dict[tuple[str, ...], tuple[Tag, ...]] = {}
    for found in reversed(ranks):
        phrases |= {words: tuple(tags) for words, tags in found.items()}
    return phrases


@cache
def lexicon(code: str) -> Lexicon | None:
    """Return the lexicon of a two-letter language code, or None where nobody has written it yet."""
    path = resources.files("monitor.narrate.languages") / f"{code}.toml"
    if not path.is_file():
        return None
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    phrases = _phrases(tables)
    for index, word in enumerate(tables["number"]["words"].split(","), 1):
        words = _words(word)
        phrases[words] = (*(tag for tag in phrases.get(words, ()) if tag[0] != "number"), ("number", str(index)))
    return Lexicon(phrases, max(len(words) for words in phrases))
