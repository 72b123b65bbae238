"""Which sounds are told: those active, the specific rather than the general, and single ones that stood out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from monitor.narrate.facts.sheet import Certainty, Moment, Notable, Presence, SoundFact
from monitor.records import EventActivity, SoundEvent
from monitor.types import EVENTS

SETTINGS = frozenset({"Silence", "Outside, rural or natural", "Environment and background"})
"""Labels that tell of surroundings, never told as a sound."""
TOLD_BY = {
    "Human sounds": ("Speech",),
    "Animal": ("Bird",),
    "Natural sounds": ("Wind", "Water", "Bird"),
    "Vehicle": ("Traffic",),
    "Sounds of things": ("Traffic", "Vehicle"),
    "Noise": ("Traffic", "Vehicle", "Wind", "Water"),
}
"""General labels, each with the specific ones that are told in its place (AudioSet ontology)."""
VAGUE = frozenset({"Natural sounds", "Animal", "Sounds of things", "Noise"})
"""Labels that say little: told beside others only when they are certain."""
RELAXED = (1.0, 0.75, 0.5)
"""Factors on the thresholds, tried in order until a sound passes: the published 0.4, 0.3, 0.2."""
DEFAULT_THRESHOLD = 0.4
ABSENT = 0.3
"""Factor on the threshold that a sound never reached that is told as not heard."""
CLEAR_PEAK = 0.8
"""A sound whose peak probability is lower than this is told as probable."""
PRESENCE: tuple[tuple[float, Presence], ...] = ((0.9, "throughout"), (0.5, "most"), (0.15, "part"), (0.0, "brief"))


def presence(share: float) -> Presence:
    """Return the word for a share of time, 0..1."""
    return next(word for limit, word in PRESENCE if share >= limit)


def heard(
    events: Mapping[str, EventActivity],
    thresholds: Mapping[str, float],
    duration_s: float,
    least_share: float = 0.0,
    shares: bool = True,
) -> tuple[tuple[SoundFact, ...], tuple[str, ...]]:
    """Return the sounds to tell, most present first, and the general labels that they stand for.

    `shares`: whether shares of time mean something; those of one window or two do not. Where no sound reaches its
    threshold, lower ones are tried and what passes is told as possible; nothing may pass.
    """
    found: dict[str, SoundFact] = {}
    for factor in RELAXED:
        for label, activity in events.items():
            if label not in EVENTS or label in SETTINGS:
                continue
            threshold = factor * thresholds.get(label, DEFAULT_THRESHOLD)
            active = activity.max >= threshold and activity.active * duration_s >= 2 and activity.active >= least_share
            if not active and activity.mean < threshold:
                continue
            certainty: Certainty = "possible" if factor < 1 else "clear" if activity.max >= CLEAR_PEAK else "likely"
            share = activity.active if shares and factor == 1 and activity.active > 0 else None
            found[label] = SoundFact(
                label=label,
                share=share,
                presence=None if share is None else presence(share),
                certainty=certainty,
            )
        if found:
            break
    general = tuple(
        label for label in EVENTS if label in found and any(other in found for other in TOLD_BY.get(label, ()))
    )
    told = [fact for label, fact in found.items() if label not in general]
    if any(fact.label not in VAGUE for fact in told):
        told = [fact for fact in told if fact.label not in VAGUE or fact.certainty == "clear"]
    told.sort(key=lambda fact: (-(fact.share or 0), -events[fact.label].mean, EVENTS.index(fact.label)))
    return tuple(told), general


def absent(events: Mapping[str, EventActivity], thresholds: Mapping[str, float]) -> tuple[str, ...]:
    """Return the labels that never came near their threshold, in the order of EVENTS."""
    return tuple(
        label
        for label in EVENTS
        if label not in SETTINGS
        and label in events
        and events[label].active == 0
        and events[label].max < ABSENT * thresholds.get(label, DEFAULT_THRESHOLD)
    )


def silence(events: Mapping[str, EventActivity], thresholds: Mapping[str, float]) -> bool:
    """Return whether the model took the place for silent most of the time."""
    activity = events.get("Silence")
    return activity is not None and (
        activity.active >= 0.5 or activity.mean >= thresholds.get("Silence", DEFAULT_THRESHOLD)
    )


def notable(
    sound_events: Sequence[SoundEvent],
    told: Sequence[SoundFact],
    start: datetime,
    duration_s: float,
    LAeq: float | None,
    moment: Callable[[datetime], Moment],
    most: int = 2,
) -> tuple[Notable, ...]:
    """Return the single sounds that stood out, in order of time: short for the interval, and loud or of a rare kind."""
    rare = {fact.label for fact in told if fact.presence in ("part", "brief") and fact.certainty != "possible"}
    common = {fact.label for fact in told}
    candidates = []
    for event in sound_events:
        seconds = (event.offset - event.onset).total_seconds()
        if event.label not in common or event.onset < start or seconds <= 0 or seconds > duration_s / 2:
            continue
        above = event.LAFmax - LAeq if event.LAFmax is not None and LAeq is not None else 0.0
        if above >= 10 or (event.label in rare and above >= 3):
            candidates.append((-above, event.onset, event, seconds))
    candidates.sort(key=lambda entry: entry[:2])
    chosen: list[Notable] = []
    for _, onset, event, seconds in candidates:
        entry = Notable(label=event.label, at=moment(onset), seconds=round(seconds, 1), LAFmax=event.LAFmax)
        if not any(entry.label == other.label and entry.at.clock == other.at.clock for other in chosen):
            chosen.append(entry)
        if len(chosen) == most:
            break
    return tuple(sorted(chosen, key=lambda entry: entry.at.offset_s))
