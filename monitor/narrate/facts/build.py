"""A summary becomes a closed list of facts: nothing else may be told of it."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from monitor.narrate.facts import bands, sounds
from monitor.narrate.facts.clock_face import ClockFace
from monitor.narrate.facts.day import course_of_day
from monitor.narrate.facts.feeling import affect_fact, changes
from monitor.narrate.facts.place import clean
from monitor.narrate.facts.sheet import Certainty, Extreme, FactSheet, LevelFact, SceneFact, Trust, Versus
from monitor.narrate.facts.statements import statements
from monitor.records import DaySummary, Interval, PeriodSummary, Scene, TracePoint, Usual
from monitor.settings import NodeSettings

SCENE_CLEAR, SCENE_LIKELY, SCENE_TIE = 0.75, 0.5, 0.15
"""Probabilities from which a scene is clear or likely, and the lead below which the runner-up is told too."""
CLIP_SHARES_S = 120.0
"""Length below which a clip has too few windows for shares of time, s."""
USUAL_DAYS = 3
"""Days of history below which nothing is called usual."""
LOUDEST_MINUTE_DB = 5.0


def facts(
    summary: PeriodSummary | DaySummary | Interval,
    *,
    node: NodeSettings,
    usual: Usual | None = None,
    thresholds: Mapping[str, float] | None = None,
    periods: Iterable[PeriodSummary] = (),
) -> FactSheet:
    """Return everything that may be told of an interval.

    `thresholds` are the model's active thresholds per event label, and `periods` are those of a day, read once.
    A clip, and anything on a simulated clock, has no time of day.
    """
    limits = dict(thresholds or {})
    kind: Literal["clip", "minute", "period", "day"] = getattr(summary, "kind", "clip")
    face = ClockFace(summary.start, node, kind != "clip" and summary.quality.clock != "simulated")
    shares = kind != "clip" or summary.duration_s >= CLIP_SHARES_S
    told, general = sounds.heard(summary.events, limits, summary.duration_s, 0.005 if kind == "day" else 0.0, shares)
    active = {fact.label: fact.share or 0.0 for fact in told} | {
        label: summary.events[label].active for label in general if label in summary.events
    }
    under_range = summary.levels.LAeq is None and summary.levels.reason == "under_range"
    loudness = (0.0, None) if under_range else (summary.levels.LAeq, summary.loudness.N5)
    forbidden = bands.withheld(*loudness, active)
    low = bands.level_band(summary.levels.LAeq) in (None, "very quiet", "quiet")
    level = _level(summary, usual)
    trace: Sequence[TracePoint] = getattr(summary, "trace", [])
    cuts = [change.model_copy(update={"at": face.moment(at)}) for change, at in changes(trace, active, summary.start)]
    day = kind == "day"
    sound_events = getattr(summary, "sound_events", [])
    extremes, parts = course_of_day(periods, face) if day else (_loudest_minute(trace, face), ())
    sheet = FactSheet(
        kind=kind,
        duration_s=summary.duration_s,
        place=clean(node.place, 80),
        place_kind=clean(node.place_kind, 40),
        when=face.when(summary.duration_s, day),
        scene=_scene(summary.scene),
        sounds=told,
        also=general,
        absent=sounds.absent(summary.events, limits),
        quiet=low and sounds.silence(summary.events, limits),
        heard=bool(summary.events) and summary.affect.isop is not None,
        notable=sounds.notable(sound_events, told, summary.start, summary.duration_s, summary.levels.LAeq, face.moment),
        level=level,
        affect=affect_fact(summary.affect, forbidden),
        changes=tuple(sorted(cuts, key=lambda change: change.at.offset_s)),
        extremes=extremes,
        parts=parts,
        lden=summary.day.Lden if isinstance(summary, DaySummary) else None,
        trust=_trust(summary),
    )
    listed = statements(sheet)
    digest = hashlib.sha256(json.dumps([fact.model_dump() for fact in listed], sort_keys=True).encode())
    return sheet.model_copy(update={"facts": listed, "facts_id": digest.hexdigest()[:16]})


def _scene(scene: Scene) -> SceneFact | None:
    if scene.label is None or not scene.prob:
        return None
    ranked = sorted(scene.prob.items(), key=lambda entry: -entry[1])
    label = scene.label
    probability = scene.prob.get(label, ranked[0][1])
    rival = next(((other, p) for other, p in ranked if other != label), None)
    tie = rival is not None and probability - rival[1] < SCENE_TIE and probability < SCENE_CLEAR
    certainty: Certainty = "possible" if tie or probability < SCENE_LIKELY else "likely"
    if probability >= SCENE_CLEAR:
        certainty = "clear"
    return SceneFact(label=label, certainty=certainty, other=rival[0] if rival is not None and tie else None)


def _versus(LAeq: float | None, usual: Usual | None) -> tuple[Versus | None, float | None]:
    if LAeq is None or usual is None or usual.LAeq_median is None or usual.n_days < USUAL_DAYS:
        return None, None
    difference = LAeq - usual.LAeq_median
    low = usual.LAeq_p10 if usual.LAeq_p10 is not None else usual.LAeq_median
    high = usual.LAeq_p90 if usual.LAeq_p90 is not None else usual.LAeq_median
    if abs(difference) < 3 or low <= LAeq <= high:
        return "usual", difference
    if difference > 0:
        return ("much louder" if difference >= 10 else "louder"), difference
    return ("much quieter" if difference <= -10 else "quieter"), difference


def _level(summary: Interval, usual: Usual | None) -> LevelFact:
    levels, loudness = summary.levels, summary.loudness
    calibrated = summary.quality.calibrated
    versus, difference = _versus(levels.LAeq, usual)
    spread = levels.L10 - levels.L90 if levels.L10 is not None and levels.L90 is not None else None
    band = bands.level_band(levels.LAeq)
    if levels.LAeq is None and levels.reason == "under_range":
        band = "very quiet"
    return LevelFact(
        LAeq=levels.LAeq,
        LAFmax=levels.LAFmax,
        L10=levels.L10,
        L90=levels.L90,
        N5=loudness.N5,
        band=band if calibrated else None,
        loudness=bands.loudness_band(loudness.N5) if calibrated else None,
        calibrated=calibrated,
        versus=versus,
        usual_LAeq=usual.LAeq_median if usual is not None and versus is not None else None,
        difference=None if difference is None else round(difference, 1),
        steadiness=None if spread is None else "steady" if spread < 5 else "varied" if spread >= 15 else None,
    )


def _loudest_minute(trace: Sequence[TracePoint], face: ClockFace) -> tuple[Extreme, ...]:
    known = sorted(((p.LAeq, p.start) for p in trace if p.LAeq is not None), reverse=True)
    if len(known) < 3 or known[0][0] - known[1][0] < LOUDEST_MINUTE_DB:
        return ()
    at = face.moment(known[0][1])
    return (Extreme(what="loudest", start=at, end=at, LAeq=known[0][0]),)


def _trust(summary: Interval) -> Trust:
    quality = summary.quality
    heard = 0 if quality.coverage == 0 else max(1, math.floor(100 * quality.coverage + 1e-9))
    return Trust(
        coverage_pct=heard,
        uncalibrated=not quality.calibrated,
        wind_pct=round(quality.wind_pct),
        overload_pct=math.ceil(max(quality.overload_pct, quality.clipped_pct) - 1e-9),
        under_range_pct=round(quality.under_range_pct),
        clock_unsure=quality.clock == "unsynchronised",
    )
