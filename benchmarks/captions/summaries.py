"""Plausible summaries made from a seed: what the aggregation gives, over the whole range of places and faults."""

import math
from datetime import UTC, datetime, timedelta
from random import Random

from monitor.records import (
    Affect,
    DayLevels,
    DaySummary,
    EventActivity,
    Levels,
    Loudness,
    PeriodSummary,
    Quality,
    Scene,
    SoundEvent,
    TracePoint,
    Usual,
)
from monitor.settings import NodeSettings
from monitor.types import EVENTS, SCENES

PLACES = (
    (None, None),
    ("Vondelpark", "park"),
    ("Station Square", "square"),
    (None, "street"),
    ("Kerkstraat 12", "street"),
    ("School yard", None),
    ("Rose Garden", "garden"),
    ("Bird Meadow", "park"),
)
PROFILES = {
    # scene, base LAeq, isop, isoe, sounds with the share of time each is active
    "park": ("park", 46, 0.4, -0.15, {"Bird": 0.8, "Wind": 0.3, "Speech": 0.2, "Natural sounds": 0.5}),
    "busy park": ("park", 57, 0.25, 0.3, {"Speech": 0.9, "Human sounds": 0.9, "Music": 0.3, "Bird": 0.3}),
    "road": ("street_traffic", 70, -0.35, 0.05, {"Traffic": 0.97, "Vehicle": 0.9, "Noise": 0.4}),
    "quiet street": ("street_traffic", 52, 0.05, -0.2, {"Traffic": 0.4, "Bird": 0.3, "Vehicle": 0.3}),
    "square": ("public_square", 63, 0.1, 0.4, {"Human sounds": 0.95, "Speech": 0.7, "Music": 0.3, "Vehicle": 0.1}),
    "night": ("park", 35, 0.1, -0.5, {"Silence": 0.9, "Wind": 0.1}),
    "fountain": ("public_square", 60, 0.3, 0.05, {"Water": 1.0, "Speech": 0.1}),
    "works": ("street_traffic", 77, -0.6, 0.4, {"Noise": 0.9, "Sounds of things": 0.9, "Vehicle": 0.5}),
    "nothing": ("park", 49, 0.02, -0.03, {"Environment and background": 0.6}),
}


def node(rng: Random) -> NodeSettings:
    """Return a node at one of several places."""
    place, kind = rng.choice(PLACES)
    located = rng.random() < 0.5
    return NodeSettings(
        place=place,
        place_kind=kind,
        time_zone=rng.choice(("UTC", "Europe/Amsterdam", "America/New_York")),
        latitude=52.37 if located else None,
        longitude=4.9 if located else None,
    )


def usual(rng: Random, hour: int = 12) -> Usual | None:
    """Return a usual level, or none."""
    if rng.random() < 0.4:
        return None
    median = rng.uniform(40, 68)
    return Usual(
        local_hour=hour,
        n_days=rng.choice((1, 5, 30)),
        LAeq_median=median,
        LAeq_p10=median - rng.uniform(1, 4),
        LAeq_p90=median + rng.uniform(1, 4),
        N5_median=10.0,
    )


def _clip(value: float, low: float, high: float) -> float:
    return round(max(low, min(high, value)), 4)


def period(rng: Random, start: datetime | None = None, minutes: int = 5, profile: str | None = None) -> PeriodSummary:
    """Return a reporting period of a random kind of place, sometimes with missing or doubtful data."""
    begin = start or datetime(2025, 6, 21, tzinfo=UTC) + timedelta(minutes=5 * rng.randrange(288 * 200))
    scene, base, isop, isoe, sounds = PROFILES[profile or rng.choice(tuple(PROFILES))]
    LAeq = base + rng.gauss(0, 3)
    turn = rng.choice((0, 0, rng.uniform(-0.5, 0.5)))
    step = rng.choice((0, 0, rng.uniform(-10, 10)))
    cut = rng.randrange(1, minutes) if minutes > 1 else 1
    trace = []
    for minute in range(minutes):
        later = minute >= cut
        trace.append(
            TracePoint(
                start=begin + timedelta(minutes=minute),
                LAeq=round(LAeq + (step if later else 0) + rng.gauss(0, 1), 2),
                N5=round(2 ** ((LAeq - 35) / 10), 2),
                isop=_clip(isop + (turn if later else 0) + rng.gauss(0, 0.05), -1, 1),
                isoe=_clip(isoe - (turn if later else 0) + rng.gauss(0, 0.05), -1, 1),
                scene=scene,
            )
        )
    mean_isop = sum(point.isop or 0 for point in trace) / minutes
    mean_isoe = sum(point.isoe or 0 for point in trace) / minutes
    total = 10 * math.log10(sum(10 ** ((point.LAeq or 0) / 10) for point in trace) / minutes)
    events, happened = {}, []
    for label in EVENTS:
        share = min(1.0, max(0.0, sounds.get(label, 0.0) * rng.uniform(0.7, 1.2)))
        if rng.random() < 0.1:
            share = rng.uniform(0, 0.3)
        peak = rng.uniform(0.5, 1) if share > 0.01 else rng.uniform(0, 0.35)
        events[label] = EventActivity(mean=round(peak * share * 0.9, 4), max=round(peak, 4), active=round(share, 4))
        if 0.01 < share < 0.5 and label != "Silence":
            at = begin + timedelta(seconds=rng.uniform(0, minutes * 60 - 30))
            length = rng.uniform(2, 25)
            happened.append(
                SoundEvent(
                    label=label,
                    onset=at,
                    offset=at + timedelta(seconds=length),
                    peak_prob=round(peak, 3),
                    LAFmax=round(total + rng.uniform(-2, 18), 1),
                )
            )
    probabilities = dict.fromkeys(SCENES, 0.05) | {scene: rng.uniform(0.4, 0.95)}
    rest = 1 - probabilities[scene]
    probabilities |= {name: rest / 2 for name in SCENES if name != scene}
    calibrated = rng.random() < 0.8
    top = max([total + rng.uniform(4, 15)] + [event.LAFmax or 0 for event in happened])
    summary = PeriodSummary(
        start=begin,
        duration_s=minutes * 60,
        levels=Levels(
            LAeq=round(total, 2),
            LCeq=round(total + 6, 2),
            LZeq=round(total + 8, 2),
            LAE=round(total + 24.8, 2),
            LAFmax=round(top, 2),
            LAFmin=round(total - 12, 2),
            LASmax=round(top - 2, 2),
            LCpeak=round(top + 12, 2),
            L5=round(total + 4, 2),
            L10=round(total + rng.uniform(1, 4), 2),
            L50=round(total - 2, 2),
            L90=round(total - rng.uniform(2, 14), 2),
            L95=round(total - 15, 2),
        ),
        loudness=Loudness(N5=round(2 ** ((total - 35) / 10), 2), N10=None, N50=None, N90=None, N_mean=None, N_max=None),
        scene=Scene(label=scene, prob=probabilities),
        events=events,
        affect=Affect(
            isop=round(mean_isop, 4),
            isoe=round(mean_isoe, 4),
            paq={"pleasant": _clip(3 + 2 * mean_isop, 1, 5), "eventful": _clip(3 + 2 * mean_isoe, 1, 5)},
        ),
        quality=Quality(
            calibrated=calibrated,
            level_reference="calibrated" if calibrated else "assumed",
            coverage=rng.choice((1, 1, 1, rng.uniform(0.3, 0.97))),
            clipped_pct=0,
            overload_pct=rng.choice((0, 0, 0, 2.0)),
            wind_pct=rng.choice((0, 0, 0, 25.0)),
            clock=rng.choice(("synchronised",) * 6 + ("unsynchronised", "simulated")),
        ),
        model_id="test",
        sound_events=sorted(happened, key=lambda event: event.onset),
        trace=trace,
    )
    return _spoil(summary, rng)


def _spoil(summary: PeriodSummary, rng: Random) -> PeriodSummary:
    """Return the summary, rarely without audio, without a prediction, or below the measuring range."""
    fate = rng.random()
    nothing = {name: None for name in Levels.model_fields if name not in ("bands_Leq", "reason")}
    mute = {"events": {}, "affect": Affect(isop=None, isoe=None, reason="no_prediction")}
    mute |= {"scene": Scene(label=None, prob={}, reason="no_prediction"), "sound_events": []}
    if fate < 0.02:
        quality = summary.quality.model_copy(update={"coverage": 0.0})
        levels = Levels.model_validate(nothing | {"reason": "no_audio"})
        return summary.model_copy(update=mute | {"quality": quality, "levels": levels, "trace": []})
    if fate < 0.05:
        bare = [point.model_copy(update={"isop": None, "isoe": None, "scene": None}) for point in summary.trace]
        return summary.model_copy(update=mute | {"trace": bare})
    if fate < 0.07:
        return summary.model_copy(
            update={"levels": Levels.model_validate(nothing | {"reason": "under_range"}), "trace": []}
        )
    return summary


def _half_heard(summary: PeriodSummary) -> PeriodSummary:
    """Return the summary of an hour heard for at least half of it, unless it was not heard at all."""
    coverage = summary.quality.coverage and max(0.5, summary.quality.coverage)
    return summary.model_copy(update={"quality": summary.quality.model_copy(update={"coverage": coverage})})


def day(rng: Random, later: int = 0) -> tuple[DaySummary, list[PeriodSummary]]:
    """Return a local day, `later` days after midsummer, and its periods, by the hour so that it is quick."""
    begin = datetime(2025, 6, 20, 22, tzinfo=UTC) + timedelta(days=later)
    course = ["night"] * 6 + ["park"] * 6 + [rng.choice(("busy park", "square", "road"))] * 6 + ["quiet street"] * 6
    periods = [
        _half_heard(period(rng, begin + timedelta(hours=hour), minutes=60, profile=profile))
        for hour, profile in enumerate(course)
    ]
    known = [entry for entry in periods if entry.levels.LAeq is not None and entry.events]
    LAeq = 10 * math.log10(sum(10 ** ((entry.levels.LAeq or 0) / 10) for entry in known) / len(known))
    base = min(known, key=lambda entry: abs((entry.levels.LAeq or 0) - LAeq))
    isop = sum(entry.affect.isop or 0 for entry in known) / len(known)
    isoe = sum(entry.affect.isoe or 0 for entry in known) / len(known)
    top = max(entry.levels.LAFmax or 0 for entry in known)
    low = min(entry.levels.L90 or 0 for entry in known)
    levels = base.levels.model_copy(update={"LAeq": LAeq, "LAFmax": top, "L90": low})
    events = {
        label: EventActivity(
            mean=sum(entry.events[label].mean for entry in known) / len(known),
            max=max(entry.events[label].max for entry in known),
            active=sum(entry.events[label].active for entry in known) / len(known),
        )
        for label in EVENTS
    }
    day_levels = DayLevels(
        date=f"{begin + timedelta(hours=2):%Y-%m-%d}",
        time_zone="Europe/Amsterdam",
        Lday=LAeq + 1,
        Levening=LAeq - 4,
        Lnight=LAeq - 14,
        Lden=LAeq + 1.4,
        coverage=1.0,
        partial=False,
    )
    summary = DaySummary(
        start=begin,
        duration_s=86400,
        day=day_levels,
        levels=levels,
        loudness=base.loudness,
        scene=base.scene,
        events=events,
        affect=Affect(isop=isop, isoe=isoe),
        quality=base.quality.model_copy(
            update={"clock": "synchronised", "coverage": rng.choice((1.0, 1.0, rng.uniform(0.5, 0.97)))}
        ),
        model_id="test",
        sound_events=[],
    )
    return summary, periods
