"""Whether place, time of day and the trust in the data are told as they are."""

from collections.abc import Iterator

from monitor.narrate.reading import Sentence
from monitor.narrate.sheet import FactSheet

NAMES = {
    "park": ("park", "garden", "tuin", "plantsoen"),
    "public_square": ("square", "plaza", "plein"),
    "street_traffic": ("street", "road", "avenue", "straat", "weg", "laan"),
}


def check_setting(sentences: list[Sentence], sheet: FactSheet) -> Iterator[str]:
    """Yield a reason for each word about place, time or data that the facts do not support."""
    for sentence in sentences:
        yield from _scene(sentence, sheet)
        yield from _time(sentence, sheet)
        for item in sentence.of("forbidden"):
            yield f'"{item.text}" is not among the facts ({item.values("forbidden")[0]})'
        causes = sentence.of("cause")
        if causes and not sentence.of("quality"):
            yield f'"{causes[0].text}": no cause is among the facts'
    everything = [item for sentence in sentences for item in sentence.items]
    claims = [item for item in everything if item.has("level") or item.has("feeling") or item.unit in ("db", "sone")]
    if sheet.trust.uncalibrated and claims and not any(item.has("quality", "calibration") for item in everything):
        yield "the microphone is uncalibrated: say so where levels or feelings are told"
    uncalibrated = [item for item in everything if item.has("quality", "calibration")]
    if uncalibrated and not sheet.trust.uncalibrated:
        yield f'"{uncalibrated[0].text}": the microphone is calibrated, which need not be told'
    if sheet.trust.coverage_pct >= 98 and any(item.has("cue", "missing") for item in everything):
        missing = next(item for item in everything if item.has("cue", "missing"))
        if not any(clause.of("sound") and clause.of("cue", "missing") for s in sentences for clause in s.clauses):
            yield f'"{missing.text}": nothing was missed'


def _scene(sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    scene = sheet.scene
    likely = {scene.label, scene.other} if scene is not None else set()
    kind = f"{sheet.place_kind or ''} {sheet.place or ''}".lower()
    named = {label for label, words in NAMES.items() if any(word in kind for word in words)}
    for item in sentence.of("scene"):
        labels = set(item.values("scene"))
        if "other" in labels and item.text in kind:
            continue
        if item.has("sound"):
            continue
        if not labels & (likely | named):
            yield f'"{item.text}" is not the scene'
        elif not labels & named and scene is not None and scene.certainty != "clear":
            clause = next(clause for clause in sentence.clauses if item in clause.items)
            if not sentence.of("certainty", "hedge") and not any(word.has("marker", "like") for word in clause.items):
                yield f'"{item.text}": the scene is not certain'


def _time(sentence: Sentence, sheet: FactSheet) -> Iterator[str]:
    when = sheet.when
    for item in sentence.items:
        if item.has("part") or item.has("weekday") or item.has("light"):
            if when is None:
                yield f'"{item.text}": the time of day is not known'
                continue
            if item.has("part"):
                known = {part.part for part in sheet.parts} if sheet.kind == "day" else {when.part}
                if not known & set(item.values("part")):
                    yield f'"{item.text}" is not when it was'
            if item.has("weekday") and not _weekday(item.values("weekday"), when.weekday):
                yield f'"{item.text}" is not the day it was'
            if item.has("light") and when.light not in item.values("light"):
                yield f'"{item.text}": this light is not among the facts'
        elif item.has("month") and not item.has("certainty"):
            month = "" if when is None else str(int(when.date[5:7]))
            if month not in item.values("month"):
                yield f'"{item.text}" is not the month it was'


def _weekday(values: list[str], weekday: int) -> bool:
    return str(weekday) in values or ("weekend" in values and weekday >= 5) or ("working" in values and weekday < 5)
