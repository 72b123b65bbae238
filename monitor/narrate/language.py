"""What a language must be able to say. One file under `languages` holds all the words of one."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

from monitor.narrate.facts.sheet import Extreme, FactSheet, PartOfDay, Presence, SoundFact

T = TypeVar("T")


class Pick:
    """Chooses between wordings by the hash of the facts: the same facts give the same words."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, *options: T) -> T:
        """Return one of the options."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()
        return options[digest[0] % len(options)]


class Language(ABC):
    """The sentences of one language; each method returns a sentence without its full stop, or None."""

    code: str

    @abstractmethod
    def headline(self, sheet: FactSheet) -> list[str]:
        """Return the headline behind the place in pieces, most important first: the last may be left off."""

    @abstractmethod
    def empty(self, sheet: FactSheet) -> list[str]:
        """Return the sentences for a time without any audio."""

    @abstractmethod
    def heard(self, sheet: FactSheet, pick: Pick) -> str:
        """Return where, when and what was heard."""

    @abstractmethod
    def level(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how loud it was."""

    @abstractmethod
    def feeling(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how it felt, and what changed."""

    @abstractmethod
    def standout(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return the single sounds that stood out."""

    @abstractmethod
    def course(self, sheet: FactSheet, pick: Pick) -> list[str]:
        """Return how a day went: its parts, its loudest and its calmest hour."""

    @abstractmethod
    def doubts(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how far the data can be trusted, where that is worth telling."""


def listed(words: Sequence[str], conjunction: str) -> str:
    """Return 'a', 'a and b', 'a, b and c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def parts_alike(parts: Sequence[PartOfDay]) -> list[list[PartOfDay]]:
    """Return the parts of a day of which something is told, those of which the same is told together; none of one."""
    alike: dict[tuple[str | None, tuple[str, ...]], list[PartOfDay]] = {}
    for part in parts if len(parts) > 1 else ():
        if part.word or part.sounds:
            alike.setdefault((part.word, part.sounds), []).append(part)
    return list(alike.values())


def hours_alike(extremes: Sequence[Extreme]) -> list[list[Extreme]]:
    """Return the hours that stand out, with all that one stands out by together."""
    alike: dict[float, list[Extreme]] = {}
    for extreme in extremes:
        alike.setdefault(extreme.start.offset_s, []).append(extreme)
    return list(alike.values())


def by_presence(sounds: Sequence[SoundFact], most: int = 4) -> list[tuple[Presence | None, list[SoundFact]]]:
    """Return the sounds in groups of equal presence, most present first; the surest of them when there are many."""
    certainty = ("clear", "likely", "possible")
    surest = sorted(sounds, key=lambda sound: (certainty.index(sound.certainty), -(sound.share or 0)))[:most]
    kept = [sound for sound in sounds if sound in surest]
    groups = [(key, list(group)) for key, group in groupby(kept, key=lambda sound: sound.presence)]
    return [(key, sorted(group, key=lambda sound: certainty.index(sound.certainty))) for key, group in groups]


def unsaid(label: str, sounds: Sequence[SoundFact]) -> SoundFact | None:
    """Return the sound of a label that the sentence of sounds left out: its certainty is still to be told."""
    said = {sound.label for _, group in by_presence(sounds) for sound in group}
    return next((sound for sound in sounds if sound.label == label and label not in said), None)


def rough(sheet: FactSheet) -> bool:
    """Return whether the sentence of the feeling will say that the node is not calibrated."""
    affect = sheet.affect
    return sheet.trust.uncalibrated and affect is not None and (bool(affect.said) or affect.neutral)


def told_strength(sheet: FactSheet) -> str:
    """Return the strength of the feeling to tell; without calibration strength means little."""
    strength = sheet.affect.strength if sheet.affect is not None else None
    return "clearly" if sheet.trust.uncalibrated or strength is None else strength


def capital(sentence: str) -> str:
    """Return the sentence with a capital first letter."""
    return sentence[:1].upper() + sentence[1:]
