"""The facts in plain English, one statement each: what the language model is given, and what a reader may verify."""

from collections.abc import Iterator

from monitor.narrate.facts.sheet import Extreme, FactSheet, Moment
from monitor.records import Fact

SOUNDS = {
    "Human sounds": "sounds of people",
    "Wind": "wind",
    "Water": "water",
    "Natural sounds": "sounds of nature",
    "Traffic": "traffic",
    "Sounds of things": "sounds of objects or machines",
    "Vehicle": "vehicles",
    "Bird": "birds",
    "Speech": "people talking",
    "Music": "music",
    "Noise": "noise of no particular kind",
    "Animal": "animals",
}
SCENES = {"public_square": "a public square", "park": "a park", "street_traffic": "a street with traffic"}
PRESENCE = {
    "throughout": "throughout",
    "most": "most of the time",
    "part": "part of the time",
    "brief": "briefly",
}
CERTAINTY = {"clear": "clearly", "likely": "probably", "possible": "possibly"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def span(seconds: float) -> str:
    """Return a duration in words: 30 seconds, 5 minutes, 24 hours."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size and (seconds % size == 0 or seconds >= 2 * size):
            count = round(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"


def at(moment: Moment) -> str:
    """Return 'at 17:40', or '90 seconds in' where the time of day is not known."""
    return f"at {moment.clock}" if moment.clock else f"{span(moment.offset_s)} after the beginning"


def _db(value: float, calibrated: bool) -> str:
    return f"{value:.0f} dB(A)" if calibrated else f"{value:.0f} dB(A), uncalibrated reading"


def statements(sheet: FactSheet) -> tuple[Fact, ...]:
    """Return the closed list of facts of a sheet, in the order in which a reader would ask."""
    if sheet.empty:
        return (*_setting(sheet), *_trust(sheet))
    return (*_setting(sheet), *_sounds(sheet), *_level(sheet), *_affect(sheet), *_course(sheet), *_trust(sheet))


def _setting(sheet: FactSheet) -> Iterator[Fact]:
    if sheet.place:
        yield Fact(id="place", topic="place", text=f'Name of the place: "{sheet.place}"', value=sheet.place)
    if sheet.place_kind:
        yield Fact(id="place.kind", topic="place", text=f'Kind of place: "{sheet.place_kind}"', value=sheet.place_kind)
    if sheet.when is not None:
        light = {"daylight": ", daylight", "twilight": ", twilight", "dark": ", after dark"}
        when = sheet.when
        day = f"{WEEKDAYS[when.weekday]} {when.date}"
        hours = "the whole local day" if sheet.kind == "day" else f"{when.start} to {when.end} local time ({when.part}"
        if sheet.kind != "day":
            hours += f"{light.get(when.light or '', '')})"
        yield Fact(id="time", topic="time", text=f"Time: {day}, {hours}", value=f"{when.date} {when.start}")
    yield Fact(
        id="duration", topic="time", text=f"Duration: {span(sheet.duration_s)}", value=sheet.duration_s, unit="s"
    )
    if sheet.scene is not None and not sheet.empty:
        scene = sheet.scene
        if scene.other:
            text = f"It sounds like {SCENES[scene.label]} or like {SCENES[scene.other]}; which of them is not certain"
        else:
            text = f"It {CERTAINTY[scene.certainty]} sounds like {SCENES[scene.label]}"
        yield Fact(id="scene", topic="scene", text=text, value=scene.label)


def _sounds(sheet: FactSheet) -> Iterator[Fact]:
    for sound in sheet.sounds:
        hedge = "" if sound.certainty == "clear" else f", {CERTAINTY[sound.certainty]}"
        share = None if sound.share is None else round(100 * sound.share)
        how = f", {PRESENCE[sound.presence]} ({share} % of the time)" if sound.presence else ""
        yield Fact(
            id=f"sound.{sound.label}",
            topic="sound",
            text=f"Heard: {SOUNDS[sound.label]}{how}{hedge}",
            value=share,
            unit=None if share is None else "%",
        )
    if sheet.heard and not sheet.sounds:
        text = "It was quiet: no sound stood out" if sheet.quiet else "No particular sound stood out"
        yield Fact(id="sound.none", topic="sound", text=text)
    elif sheet.quiet:
        yield Fact(id="sound.quiet", topic="sound", text="Most of the time it was quiet")
    if not sheet.heard:
        text = "What was heard is not known: the acoustic model gave no result"
        yield Fact(id="sound.unknown", topic="sound", text=text)
    if sheet.absent:
        names = ", ".join(SOUNDS[label] for label in sheet.absent)
        yield Fact(id="sound.absent", topic="sound", text=f"Not heard: {names}")
    for index, entry in enumerate(sheet.notable, 1):
        level = "" if entry.LAFmax is None else f", up to {_db(entry.LAFmax, sheet.level.calibrated)}"
        yield Fact(
            id=f"event.{index}",
            topic="event",
            text=f"Stood out: {SOUNDS[entry.label]} {at(entry.at)}, for {span(entry.seconds)}{level}",
            value=entry.LAFmax,
            unit="dB" if entry.LAFmax is not None else None,
        )


def _level(sheet: FactSheet) -> Iterator[Fact]:
    level = sheet.level
    if level.LAeq is not None:
        text = f"Average level (LAeq): {_db(level.LAeq, level.calibrated)}" + (f", {level.band}" if level.band else "")
        yield Fact(id="level.LAeq", topic="level", text=text, value=round(level.LAeq, 1), unit="dB")
    elif level.band is not None:
        yield Fact(id="level.under_range", topic="level", text="Too quiet for the microphone to measure: very quiet")
    for name, words, value in (
        ("LAFmax", "Highest level (LAFmax)", level.LAFmax),
        ("L90", "Background level (L90)", level.L90),
    ):
        if value is not None:
            text = f"{words}: {_db(value, level.calibrated)}"
            yield Fact(id=f"level.{name}", topic="level", text=text, value=round(value, 1), unit="dB")
    if level.steadiness is not None:
        text = "The level hardly varied" if level.steadiness == "steady" else "The level varied widely"
        yield Fact(id="level.steadiness", topic="level", text=text, value=level.steadiness)
    if level.N5 is not None:
        text = f"Loudness (N5): {level.N5:.1f} sone" + (
            f", {level.loudness}" if level.loudness else ", uncalibrated reading"
        )
        yield Fact(id="loudness.N5", topic="loudness", text=text, value=round(level.N5, 1), unit="sone")
    if level.versus is not None and level.usual_LAeq is not None:
        than = "about as loud as usual" if level.versus == "usual" else f"{level.versus} than usual"
        text = f"This is {than} here at this hour (usual: {_db(level.usual_LAeq, level.calibrated)})"
        if sheet.kind == "day":
            text = text.replace(" at this hour", "")
        yield Fact(id="level.usual", topic="level", text=text, value=level.difference, unit="dB")
    if sheet.lden is not None:
        text = f"Day-evening-night level (Lden): {_db(sheet.lden, level.calibrated)}"
        yield Fact(id="level.Lden", topic="level", text=text, value=round(sheet.lden, 1), unit="dB")


def _affect(sheet: FactSheet) -> Iterator[Fact]:
    affect = sheet.affect
    if affect is None:
        return
    if affect.word is not None:
        strong = "" if affect.strength == "clearly" else f"{affect.strength} "
        also = [word for word in affect.said if word != affect.word]
        text = f"It feels {strong}{affect.word}" + (f"; also {' and '.join(also)}" if also else "")
        yield Fact(id="affect", topic="affect", text=text, value=affect.word)
    elif affect.said:
        yield Fact(id="affect", topic="affect", text=f"It feels {' and '.join(affect.said)}", value=affect.said[0])
    elif affect.neutral:
        text = "It feels neither pleasant nor unpleasant, neither lively nor dull"
        yield Fact(id="affect", topic="affect", text=text, value="neutral")
    else:
        text = "How it feels is uncertain: the impression and the level contradict each other"
        yield Fact(id="affect", topic="affect", text=text, value="uncertain")
    if affect.denied:
        yield Fact(id="affect.not", topic="affect", text=f"It does not feel {', '.join(affect.denied)}")


def _hours(extreme: Extreme) -> str:
    return at(extreme.start) if extreme.start == extreme.end else f"{extreme.start.clock} to {extreme.end.clock}"


def _course(sheet: FactSheet) -> Iterator[Fact]:
    for change in sheet.changes:
        if change.what == "affect":
            text = f"It changed from {change.before} to {change.after} {at(change.at)}"
        else:
            text = f"It became {change.after} {at(change.at)}, by {change.difference:.0f} dB"
        yield Fact(id=f"change.{change.what}", topic="change", text=text, value=change.difference)
    unit = "hour" if sheet.kind == "day" else "minute"
    for extreme in sheet.extremes:
        level = "" if extreme.LAeq is None else f", {_db(extreme.LAeq, sheet.level.calibrated)}"
        text = f"The {extreme.what} {unit}: {_hours(extreme)}{level}"
        yield Fact(id=f"{extreme.what}.{unit}", topic="course", text=text, value=extreme.LAeq, unit="dB")
    for part in sheet.parts:
        words = [f"felt {part.word}"] if part.word else []
        words += [f"with {' and '.join(SOUNDS[label] for label in part.sounds)}"] if part.sounds else []
        level = "" if part.LAeq is None else f" ({_db(part.LAeq, sheet.level.calibrated)})"
        text = f"The {part.part}{level}: {' '.join(words) or 'nothing in particular'}"
        yield Fact(id=f"part.{part.part}", topic="course", text=text, value=part.LAeq, unit="dB")


def _trust(sheet: FactSheet) -> Iterator[Fact]:
    trust = sheet.trust
    if sheet.empty:
        yield Fact(id="quality.coverage", topic="quality", text="No sound was recorded in this time", value=0, unit="%")
        return
    if trust.gaps:
        text = f"Only {trust.coverage_pct} % of the time was heard"
        yield Fact(id="quality.coverage", topic="quality", text=text, value=trust.coverage_pct, unit="%")
    if trust.uncalibrated:
        text = "The microphone is uncalibrated: levels are readings, not sound pressure levels, and feelings are rough"
        yield Fact(id="quality.uncalibrated", topic="quality", text=text)
    if trust.windy:
        text = f"Wind on the microphone disturbed {trust.wind_pct} % of the time"
        yield Fact(id="quality.wind", topic="quality", text=text, value=trust.wind_pct, unit="%")
    if trust.overloaded:
        text = f"The microphone was overloaded {trust.overload_pct} % of the time, so the highest levels are too low"
        yield Fact(id="quality.overload", topic="quality", text=text, value=trust.overload_pct, unit="%")
    if trust.under_range_pct >= 50 and sheet.level.LAeq is not None:
        text = f"For {trust.under_range_pct} % of the time it was too quiet for the microphone to measure"
        yield Fact(id="quality.under_range", topic="quality", text=text, value=trust.under_range_pct, unit="%")
    if trust.clock_unsure and sheet.when is not None:
        yield Fact(id="quality.clock", topic="quality", text="The clock is not synchronised: times are approximate")
