"""Which sounds, hours and other figures a figure of a stretch belongs with."""

from collections.abc import Iterable
from itertools import pairwise

from monitor.narrate.check.belonging import belonging, ranges
from monitor.narrate.check.exactness import SUPERLATIVES, clock, hours
from monitor.narrate.check.sentence import Clause, Item
from monitor.narrate.check.trust import disturbing
from monitor.narrate.facts.sheet import Extreme, FactSheet, Notable


class Owners:
    """The figures of one stretch; `last` is the sound that was named last before it."""

    def __init__(self, stretch: Clause, sheet: FactSheet, last: Item | None) -> None:
        self.stretch = stretch
        self.sheet = sheet
        self.last = None if stretch.of("marker", "level") and not stretch.of("standout") else last
        self.sounds = [item for item in stretch.of("sound") if not disturbing(item, stretch)]
        self.superlatives = [item for item in stretch.items if set(item.values("compare")) & SUPERLATIVES]
        self.twins = {
            second.place: first
            for first, second in pairwise(self.superlatives)
            if [item.text for item in stretch.items if first.place < item.place < second.place] == ["and"]
        }
        """Superlatives that share what belongs to the one before: 'the quietest and calmest hour'."""
        self.ranges = ranges(stretch.items)
        self.bounds = (sheet.when.start, sheet.when.end) if sheet.when is not None else ("", "")

    def alike(self, figure: Item) -> list[Item]:
        """Return the figures of the same kind; of times, those that do not tell when it all was."""
        whole = [item for pair in self.ranges if (clock(pair[0]), clock(pair[1])) == self.bounds for item in pair]
        alike = [item for item in self.stretch.figures() if (item.kind, item.unit) == (figure.kind, figure.unit)]
        return [item for item in alike if item not in whole] or [figure]

    def owners(self, figure: Item, heads: Iterable[Item]) -> list[Item]:
        """Return the heads, of those given, that a figure belongs to."""
        return belonging(self.alike(figure), heads, self.stretch.items).get(figure.place, [])

    def notable(self, figure: Item) -> list[Notable]:
        """Return what stood out of the sounds that a figure belongs to; of any, where no sound is named."""
        owners = self.owners(figure, self.sounds) or ([self.last] if self.last is not None else [])
        labels = {label for item in owners for label in item.labels}
        if not owners:
            return list(self.sheet.notable)
        return [entry for entry in self.sheet.notable if entry.label in labels]

    def at_the_time(self, entries: list[Notable]) -> list[Notable]:
        """Return those that stood out at a time named in the stretch, where it names the time of any."""
        times = {clock(item) for item in self.stretch.figures()}
        return [entry for entry in entries if entry.at.clock in times] or entries

    def extremes(self, figure: Item) -> list[Extreme]:
        """Return the hours that a figure belongs to: those named by their time or by a superlative."""
        found = []
        heads = [pair[0] for pair in self.ranges]
        for owner in self.owners(figure, heads):
            pair = next(pair for pair in self.ranges if pair[0] is owner)
            found += [entry for entry in self.sheet.extremes if hours(entry) == (clock(pair[0]), clock(pair[1]))]
        for owner in self.owners(figure, self.superlatives):
            found += [entry for entry in self.sheet.extremes if entry.what in owner.values("compare")]
        return found
