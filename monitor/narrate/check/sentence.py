"""What a caption is read as: sentences of clauses of items, each with what it claims."""

from dataclasses import dataclass

from monitor.narrate.check.lexicon import Tag


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase, a figure or a comma of a clause. `place` counts words; commas and 'and' count more."""

    kind: str
    """word | time | date | number | unit | name | code | comma | semi | other"""
    text: str
    place: int
    tags: tuple[Tag, ...] = ()
    value: float = 0.0
    decimals: int = 0
    unit: str = ""

    def has(self, category: str, value: str | None = None) -> bool:
        """Return whether the phrase claims something of a category."""
        return any(tag[0] == category and (value is None or tag[1] == value) for tag in self.tags)

    def values(self, category: str) -> list[str]:
        """Return what the phrase claims in a category."""
        return [tag[1] for tag in self.tags if tag[0] == category]

    @property
    def end(self) -> int:
        """The place of the last word."""
        return self.place + len(self.text.split()) - 1

    @property
    def hedge(self) -> bool:
        """Whether the phrase tells something as less than certain."""
        return self.has("certainty") and not self.has("certainty", "sure")

    @property
    def labels(self) -> set[str]:
        """The event classes that a sound may be."""
        return {label for value in self.values("sound") for label in value.split("|")}


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence within which words belong together."""

    items: tuple[Item, ...]

    def of(self, category: str, value: str | None = None) -> list[Item]:
        """Return the items that claim something of a category."""
        return [item for item in self.items if item.has(category, value)]

    @property
    def hedges(self) -> list[Item]:
        """The items that tell something as less than certain."""
        return [item for item in self.items if item.hedge]

    def figures(self) -> list[Item]:
        """Return times, dates and numbers."""
        return [item for item in self.items if item.kind in ("time", "date", "number")]

    def degrees(self, item: Item) -> list[Item]:
        """Return the words of degree right before an item: 'very' of 'very loud'."""
        return [word for word in self.of("degree") if 0 < item.place - word.end <= 1]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Clauses in order; a stretch is one or more clauses that a 'with' or the like joins."""

    clauses: tuple[Clause, ...]
    stretches: tuple[Clause, ...]

    def of(self, category: str, value: str | None = None) -> list[Item]:
        """Return the items that claim something of a category."""
        return [item for clause in self.clauses for item in clause.of(category, value)]

    @property
    def hedges(self) -> list[Item]:
        """The items that tell something as less than certain."""
        return [item for clause in self.clauses for item in clause.hedges]

    @property
    def items(self) -> list[Item]:
        """All items in order."""
        return [item for clause in self.clauses for item in clause.items]
