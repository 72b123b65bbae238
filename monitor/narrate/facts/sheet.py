"""What a caption may say: a closed list of facts, and the same as values for the template and the check."""

from typing import Literal

from monitor.records import Fact, Record

Presence = Literal["throughout", "most", "part", "brief"]
Certainty = Literal["clear", "likely", "possible"]
Versus = Literal["much quieter", "quieter", "usual", "louder", "much louder"]
Kind = Literal["clip", "minute", "period", "day"]
Part = Literal["night", "morning", "afternoon", "evening"]
LONGEST_HEADLINE = 120
"""Characters."""


class Moment(Record):
    """A time within the interval: on the local clock where that is known, else seconds from the beginning."""

    clock: str | None
    """Local time, HH:MM."""
    offset_s: float


class When(Record):
    """Local time of the interval."""

    date: str
    weekday: int
    """0 is Monday."""
    start: str
    end: str
    part: Literal["night", "morning", "afternoon", "evening", "day"]
    light: Literal["daylight", "twilight", "dark"] | None


class SceneFact(Record):
    """The model's scene; `other` is the runner-up where the two cannot be told apart."""

    label: str
    certainty: Certainty
    other: str | None = None


class SoundFact(Record):
    """A sound that was heard."""

    label: str
    share: float | None
    """Share of the time, 0..1; None for a sound that is only possible."""
    presence: Presence | None
    certainty: Certainty


class Notable(Record):
    """A single sound that stood out."""

    label: str
    at: Moment
    seconds: float
    LAFmax: float | None


class LevelFact(Record):
    """How loud it was. Bands are None on an uncalibrated node: its figures are readings on an assumed scale."""

    LAeq: float | None
    LAFmax: float | None
    L10: float | None
    L90: float | None
    N5: float | None
    band: str | None
    loudness: str | None
    calibrated: bool
    versus: Versus | None = None
    usual_LAeq: float | None = None
    difference: float | None = None
    steadiness: Literal["steady", "varied"] | None = None


class AffectFact(Record):
    """How it feels to be there."""

    word: str | None
    """The one word that fits best; None: neutral, or no word that the levels allow."""
    strength: str | None
    said: tuple[str, ...]
    """Words that may be told, best first."""
    denied: tuple[str, ...]
    """Words of which the contrary holds: 'not chaotic' may be told."""
    withheld: tuple[str, ...]
    """Words that the levels forbid."""
    neutral: bool


class Change(Record):
    """A change within the interval."""

    what: Literal["affect", "level"]
    at: Moment
    before: str
    after: str
    difference: float
    """dB for a level; distance on the circumplex for affect."""


class Extreme(Record):
    """An hour (of a day) or a minute that stood out."""

    what: Literal["loudest", "quietest", "calmest"]
    start: Moment
    end: Moment
    LAeq: float | None


class PartOfDay(Record):
    """What a part of a day was like."""

    part: Part
    LAeq: float | None
    word: str | None
    sounds: tuple[str, ...]


class Trust(Record):
    """How far the data can be trusted, and what of it is worth telling."""

    coverage_pct: int
    uncalibrated: bool
    wind_pct: int
    overload_pct: int
    under_range_pct: int
    clock_unsure: bool

    @property
    def gaps(self) -> bool:
        """Whether so much was not heard that it is told."""
        return self.coverage_pct < 98

    @property
    def windy(self) -> bool:
        """Whether wind disturbed so much that it is told."""
        return self.wind_pct >= 10

    @property
    def overloaded(self) -> bool:
        """Whether the microphone was overloaded at all."""
        return self.overload_pct > 0


class FactSheet(Record):
    """Everything that may be told of an interval."""

    kind: Kind
    duration_s: float
    place: str | None
    place_kind: str | None
    when: When | None
    scene: SceneFact | None
    sounds: tuple[SoundFact, ...]
    also: tuple[str, ...]
    """Labels that were heard too, but are told by a more specific one: Animal beside Bird."""
    absent: tuple[str, ...]
    """Labels that were certainly not heard."""
    quiet: bool
    """The model heard silence, and the levels do not contradict it."""
    heard: bool
    """The model had something to say; without it there are levels only."""
    notable: tuple[Notable, ...]
    level: LevelFact
    affect: AffectFact | None
    changes: tuple[Change, ...]
    extremes: tuple[Extreme, ...] = ()
    parts: tuple[PartOfDay, ...] = ()
    lden: float | None = None
    trust: Trust
    facts: tuple[Fact, ...] = ()
    facts_id: str = ""

    @property
    def empty(self) -> bool:
        """Whether no audio was heard at all."""
        return self.trust.coverage_pct == 0
