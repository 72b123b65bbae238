"""Whether a figure of a caption is one of the facts, told of the right thing."""

from monitor.narrate.check.belonging import belonging, nearest
from monitor.narrate.check.exactness import SUPERLATIVES, approximate, clock, fits, hours
from monitor.narrate.check.levels import levels
from monitor.narrate.check.owners import Owners
from monitor.narrate.check.sentence import Item
from monitor.narrate.check.trust import disturbing
from monitor.narrate.facts.sheet import Moment

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
WHOLE = 0.98
"""Share of time from which a sound may be told of the whole interval."""


class Judge(Owners):
    """The figures of one stretch, judged."""

    def reason(self, figure: Item) -> str | None:
        """Return why a figure is refused, or None."""
        if figure.kind == "time":
            return self._time(figure)
        if figure.kind == "date":
            good = self.sheet.when is not None and figure.text == self.sheet.when.date
            return None if good else f"the date {figure.text} is not among the facts"
        if figure.unit == "db":
            good = any(fits(figure, value, self.stretch) for value in levels(self, figure))
            return None if good else f"{figure.text} dB is not among the facts, or not of this"
        if figure.unit == "percent":
            good = any(fits(figure, value, self.stretch, 3) for value in self._shares(figure))
            return None if good else f"{figure.text} % is not among the facts, or not of this"
        if figure.unit == "sone":
            good = self.sheet.level.N5 is not None and fits(figure, self.sheet.level.N5, self.stretch)
            return None if good else f"{figure.text} sone is not among the facts"
        if figure.unit in SECONDS:
            good = self._duration(figure)
            return None if good else f'"{figure.text} {figure.unit}" is not among the facts, or not of this'
        return None if self._of_date(figure) else f'the number "{figure.text}" is not among the facts'

    def _shares(self, figure: Item) -> list[float | None]:
        trust = self.sheet.trust
        winds = [item for item in self.stretch.of("sound") if disturbing(item, self.stretch)]
        overloads = self.stretch.of("quality", "overload")
        values: list[float | None] = []
        for owner in self.owners(figure, [*self.sounds, *winds, *overloads]):
            if owner in winds:
                values.append(trust.wind_pct)
            elif owner in overloads:
                values.append(trust.overload_pct)
            else:
                told = [entry for entry in self.sheet.sounds if entry.label in owner.labels]
                values += [100 * entry.share for entry in told if entry.share is not None]
        covered = self._covered(figure)
        if covered is not None:
            values += [100 - trust.coverage_pct] if covered.has("cue", "missing") else [trust.coverage_pct]
        elif not values and (self.stretch.of("quality") or self.stretch.of("level")):
            values.append(trust.under_range_pct)
        return values

    def _covered(self, figure: Item) -> Item | None:
        """Return the word that makes a figure a share of the data: 'only 65 % of the time was heard'."""
        words = self.stretch.of("cue", "missing") + self.stretch.of("cue", "coverage")
        others = [*self.sounds, *(item for item in self.alike(figure) if item is not figure)]
        behind = [item for item in words if item.place > figure.place]
        behind = [item for item in behind if not any(figure.place < other.place < item.place for other in others)]
        if behind:
            return behind[0]
        return None if self.sounds else nearest(figure, words, 99)

    def _time(self, figure: Item) -> str | None:
        if self.sheet.when is None:
            return f"the time of day ({figure.text}) is not known"
        pair = next((pair for pair in self.ranges if figure in pair), None)
        if pair is not None:
            told = (clock(pair[0]), clock(pair[1]))
            if told == self.bounds or self._hour_told(pair[0], told):
                return None
            if any(hours(entry) == told for entry in self.sheet.extremes):
                return f"{told[0]} to {told[1]} is not that hour"
        if clock(figure) in {moment.clock for moment in self._moments(figure)} or (
            pair is None and self._bound_told(figure)
        ):
            return None
        return f"the time {figure.text} is not among the facts, or not of this"

    def _hour_told(self, first: Item, told: tuple[str, str]) -> bool:
        """Return whether a range is that of the hour which is told of: by a superlative, or by its level."""
        entries = [entry for entry in self.sheet.extremes if hours(entry) == told]
        starts = [pair[0] for pair in self.ranges if (clock(pair[0]), clock(pair[1])) != self.bounds]
        single = [word for word in self.superlatives if word.place not in self.twins]
        owners = belonging(starts, single, self.stretch.items).get(first.place, [])
        back = belonging(single, starts, self.stretch.items)
        owners += [word for word in single if back.get(word.place, []) == [first] and word not in owners]
        owners += [word for word in self.superlatives if self.twins.get(word.place) in owners]
        if owners:
            return all(any(e.what in owner.values("compare") for e in entries) for owner in owners)
        levels = [item for item in self.stretch.figures() if item.unit == "db"]
        return any(fits(level, entry.LAeq, self.stretch) for entry in entries for level in levels)

    def _moments(self, figure: Item) -> list[Moment]:
        """Return the moments that a time or a duration may tell of."""
        moments = [entry.at for entry in self.notable(figure)] if self.owners(figure, self.sounds) else []
        if self.superlatives:
            named = {value for item in self.superlatives for value in item.values("compare")}
            moments += [entry.start for entry in self.sheet.extremes if entry.what in named]
            moments += [entry.end for entry in self.sheet.extremes if entry.what in named]
            loudest = max((entry.LAFmax or 0 for entry in self.sheet.notable), default=0)
            moments += [e.at for e in self.sheet.notable if (e.LAFmax or 0) == loudest and "loudest" in named]
        felt, heard = self.stretch.of("feeling"), [*self.stretch.of("compare", "louder"), *self.stretch.of("level")]
        heard += self.stretch.of("compare", "quieter")
        heard += [*self.stretch.of("change", "up"), *self.stretch.of("change", "down")]
        turning = self.stretch.of("change") or felt or heard
        what = {"affect"} if felt and not heard else {"level"} if heard and not felt else {"affect", "level"}
        if turning or not self.sounds:
            moments += [change.at for change in self.sheet.changes if change.what in what]
        if not self.sounds and not turning and not self.superlatives:
            moments += [entry.at for entry in self.notable(figure)]
        return moments

    def _bound_told(self, figure: Item) -> bool:
        """Return whether a time alone tells when it all began or ended."""
        when = self.sheet.when
        assert when is not None
        own = [entry for entry in self.notable(figure) if self.owners(figure, self.sounds)]
        if own and (self.stretch.of("cue", "peak") or self.stretch.of("standout")):
            return False
        if self.stretch.of("change", "verb") or any(
            set(i.values("compare")) & SUPERLATIVES for i in self.stretch.items
        ):
            return False
        return clock(figure) == when.start or (
            clock(figure) == when.end and bool(self.stretch.of("marker", "direction"))
        )

    def _duration(self, figure: Item) -> bool:
        seconds = figure.value * SECONDS[figure.unit]
        tolerance = max(1.0, 0.5 * SECONDS[figure.unit] if figure.unit != "second" else 0.6)
        if approximate(figure, self.stretch):
            tolerance = max(tolerance, 0.1 * seconds)
        offsets = [moment.offset_s for moment in self._moments(figure)]
        lengths = [entry.seconds for entry in self.notable(figure)]
        if any(abs(seconds - value) <= tolerance for value in [*offsets, *lengths]):
            return True
        after = next((item for item in self.stretch.items if item.place > figure.place + 1), None)
        if after is not None and after.has("marker", "into") and after.place <= figure.place + 3:
            before = [item for item in self.stretch.items if item.place < figure.place]
            if not (before and before[-1].has("marker", "span")):
                return False
        if abs(seconds - self.sheet.duration_s) > max(1.0, 0.01 * self.sheet.duration_s):
            return False
        sound = nearest(figure, self.sounds, 4)
        told = [entry for entry in self.sheet.sounds if sound is not None and entry.label in sound.labels]
        return sound is None or sound.place > figure.place or any((entry.share or 0) >= WHOLE for entry in told)

    def _of_date(self, figure: Item) -> bool:
        if self.sheet.when is None or figure.decimals:
            return False
        year, month, day = (int(part) for part in self.sheet.when.date.split("-"))
        beside = [item for item in self.stretch.of("month") if abs(item.place - figure.place) <= 3]
        right_month = any(str(month) in item.values("month") for item in beside)
        return right_month and figure.value in (year, day)
