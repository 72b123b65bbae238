"""What the words of a language claim, read from its lexicon file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

Tag = tuple[str, str]
"""Category and value: ('sound', 'Bird'), ('feeling', 'calm'), ('neutral', '')."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases, as tuples of lower-case words, and what each claims."""

    phrases: dict[tuple[str, ...], tuple[Tag, ...]]
    longest: int
    endings: tuple[str, ...]

    def tags(self, words: tuple[str, ...]) -> tuple[Tag, ...]:
        """Return what a phrase claims; nothing for an unknown one."""
        found = self.phrases.get(words, ())
        if found or len(words) > 1:
            return found
        return self._inflected(words[0])

    def _inflected(self, word: str) -> tuple[Tag, ...]:
        """Return the tag of a neutral word in another form (stays, stayed, staying)."""
        for ending in self.endings:
            stem = word[: -len(ending)]
            if word.endswith(ending) and len(stem) >= 3:
                bare = stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem
                for form in (stem, stem + "e", bare, stem[:-1] + "y" if stem.endswith("i") else stem):
                    tags = self.phrases.get((form,), ())
                    if tags and all(category == "neutral" for category, _ in tags):
                        return tags
        return ()


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.lower().replace("-", " ").replace("'", " ").split())


@cache
def lexicon(code: str) -> Lexicon | None:
    """Return the lexicon of a two-letter language code, or None where nobody has written it yet."""
    path = resources.files("monitor.narrate.languages") / f"{code}.toml"
    if not path.is_file():
        return None
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    endings = tuple(tables.pop("form", {}).get("endings", "").split())
    phrases: dict[tuple[str, ...], tuple[Tag, ...]] = {}
    for category, entries in tables.items():
        for value, listed in entries.items():
            for phrase in listed.split(","):
                words = _words(phrase)
                if words:
                    tag = (category, "" if value == "words" else value)
                    if tag not in phrases.get(words, ()):
                        phrases[words] = (*phrases.get(words, ()), tag)
    for index, word in enumerate(_words(tables["number"]["words"].replace(",", " ")), 1):
        phrases[(word,)] = (*(tag for tag in phrases.get((word,), ()) if tag[0] != "number"), ("number", str(index)))
    return Lexicon(phrases, max(len(words) for words in phrases), endings)
