"""English captions."""

from monitor.narrate.facts.sheet import Extreme, FactSheet, Moment, SoundFact
from monitor.narrate.facts.statements import SCENES, SOUNDS, WEEKDAYS, span
from monitor.narrate.language import (
    Language,
    Pick,
    by_presence,
    hours_alike,
    listed,
    parts_alike,
    rough,
    told_strength,
    unsaid,
)

SAME = {"park": {"park", "garden"}, "public_square": {"square", "plaza", "public square"}, "street_traffic": {"street"}}
PRESENCE = {
    "throughout": ("throughout", "the whole time"),
    "most": ("most of the time", "for most of the time"),
    "part": ("part of the time", "for part of the time"),
    "brief": ("briefly", "for a short while"),
}
HEDGE = {"clear": "", "likely": "probably ", "possible": "perhaps "}
STRENGTH = {"slightly": "slightly ", "clearly": "", "very": "very "}
PARTS = {
    "early": "in the early hours of {day}",
    "night": "on {day} night",
    "morning": "on {day} morning",
    "afternoon": "on {day} afternoon",
    "evening": "on {day} evening",
    "day": "on {day}",
}
VERSUS = {
    "much quieter": "much quieter than usual",
    "quieter": "quieter than usual",
    "usual": "about as loud as usual",
    "louder": "louder than usual",
    "much louder": "much louder than usual",
}


def at(moment: Moment) -> str:
    """Return 'at 17:40', or '90 seconds in'."""
    return f"at {moment.clock}" if moment.clock else f"{span(moment.offset_s)} in"


def _nouns(group: list[SoundFact]) -> str:
    sure = [SOUNDS[sound.label] for sound in group if sound.certainty == "clear"]
    hedged = [f"{HEDGE[sound.certainty]}{SOUNDS[sound.label]}" for sound in group if sound.certainty != "clear"]
    return listed([*sure, *hedged], "and")


class English(Language):
    """Sentences in English."""

    code = "en"

    def headline(self, sheet: FactSheet) -> list[str]:
        """Return the news first: a change, an unusual level, else the feeling; then what was heard."""
        if sheet.empty:
            return ["no sound was recorded"]
        affect, level = sheet.affect, sheet.level
        change = next((change for change in sheet.changes if change.what == "affect"), None)
        words = []
        if change is not None:
            words = [f"from {change.before} to {change.after} {at(change.at)}"]
        elif affect is not None and affect.word:
            hedge = "perhaps " if sheet.trust.uncalibrated else ""
            words = [f"{hedge}{STRENGTH[told_strength(sheet)]}{affect.word}"]
        if level.versus not in (None, "usual"):
            words.append(VERSUS[level.versus or ""])
        elif level.band and level.band != "moderate" and change is None:
            words.append(level.band)
        sure = [sound for sound in sheet.sounds if sound.certainty == "clear"]
        likely = [sound for sound in sheet.sounds if sound.certainty == "likely"]
        sounds = (sure or likely)[:2]
        pieces = [" and ".join(words)] if words else []
        if sounds:
            link = f"{', ' if words else ''}{'' if sure else 'probably '}{'with ' if words else ''}"
            pieces.append(link + listed([SOUNDS[sound.label] for sound in sounds], "and"))
        elif not words:
            pieces.append("no particular sound stood out" if sheet.heard else "sounds could not be identified")
        return pieces

    def _lead(self, sheet: FactSheet, pick: Pick) -> str:
        """Return 'at X on Saturday afternoon, from 17:35 to 17:40,' or as much of it as is known."""
        where = ""
        if sheet.place:
            where = f"at {sheet.place}"
        elif sheet.place_kind:
            kind = sheet.place_kind.lower()
            where = f"{'in' if kind in SAME['park'] else 'on' if kind in {'street', 'square'} else 'at'} the {kind}"
        if sheet.when is None:
            recording = f"in this recording of {span(sheet.duration_s)}"
            return f"{where}, {recording}," if where else f"{recording},"
        early = sheet.when.part == "night" and sheet.when.start < "12"
        day = PARTS["early" if early else sheet.when.part].format(day=WEEKDAYS[sheet.when.weekday])
        if sheet.kind == "day":
            return f"{where} {day}" if where else day
        hours = f"from {sheet.when.start} to {sheet.when.end}"
        options = [f"{where} {day}, {hours},", f"{day} {where}, {hours},"] if where else [f"{day}, {hours},"]
        return pick(*options)

    def _surroundings(self, sheet: FactSheet) -> str:
        scene = sheet.scene
        if scene is None:
            return ""
        kind = (sheet.place_kind or "").lower()
        if scene.other:
            return f"in what sounded like {SCENES[scene.label]} or {SCENES[scene.other]}"
        if kind in SAME[scene.label] or (sheet.place_kind and scene.certainty != "clear"):
            return ""
        hedge = "" if scene.certainty == "clear" else f" {HEDGE[scene.certainty].strip()}"
        return f"in what{hedge} sounded like {SCENES[scene.label]}"

    def heard(self, sheet: FactSheet, pick: Pick) -> str:
        """Return where, when and what was heard."""
        lead, around = self._lead(sheet, pick), self._surroundings(sheet)
        around = f" {around}" if around else ""
        if not sheet.heard:
            return f"{lead} the sounds could not be identified{around}"
        if not sheet.sounds:
            return f"{lead} {'it was quiet and no' if sheet.quiet else 'no particular'} sound stood out{around}"
        (first, group), *rest = by_presence(sheet.sounds)
        when = f" {pick(*PRESENCE[first])}" if first else ""
        clause = f"{_nouns(group)} could be heard{when}"
        if all(sound.certainty == "likely" for sound in group):
            clause = f"{listed([SOUNDS[sound.label] for sound in group], 'and')} could probably be heard{when}"
        elif all(sound.certainty == "possible" for sound in group):
            clause = f"{listed([SOUNDS[sound.label] for sound in group], 'and')} may have been heard{when}"
        others = [f"{_nouns(sounds)} {PRESENCE[key][0]}" for key, sounds in rest if key]
        tail = f", with {listed(others, 'and')}" if others else ""
        calm = ", and otherwise it was quiet" if sheet.quiet and sheet.level.band is None else ""
        return f"{lead} {clause}{around}{tail}{calm}"

    def level(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how loud it was, and how that compares."""
        level = sheet.level
        hour = "" if sheet.kind == "day" else " at this hour"
        versus = f"{VERSUS[level.versus]} here{hour}" if level.versus else ""
        if not level.calibrated:
            if versus:
                return f"by its uncalibrated readings it was {versus}"
            if rough(sheet):
                return None
            return pick(
                "how loud it was cannot be told, as the microphone is not calibrated",
                "the microphone is not calibrated, so how loud it was cannot be told",
            )
        if level.LAeq is None:
            return "it was too quiet for the microphone to measure" if level.band else "how loud it was is not known"
        figure = f"{level.LAeq:.0f} dB(A)"
        lden = f" (Lden {sheet.lden:.0f} dB(A))" if sheet.lden is not None else ""
        steady = {"steady": ", with little variation", "varied": ", varying widely", None: ""}[level.steadiness]
        band = level.band or ""
        if band == "moderate":
            said = pick(
                f"the sound level was moderate, {figure} on average{lden}",
                f"the level was moderate and averaged {figure}{lden}",
            )
        else:
            said = pick(f"it was {band}, {figure} on average{lden}", f"at {figure} on average{lden} it was {band}")
        return f"{said}{', ' if versus else ''}{versus}{steady if not versus else ''}"

    def feeling(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how it felt, and what changed."""
        affect = sheet.affect
        said = None
        if affect is not None and affect.word:
            word = f"{STRENGTH[told_strength(sheet)]}{affect.word}"
            second = next((other for other in affect.said if other != affect.word), None)
            both = f"{word} and {second}" if second else word
            said = pick(f"it felt {both}", f"the impression was {both}", f"it came across as {both}")
        elif affect is not None and affect.said:
            said = f"it felt {' and '.join(affect.said[:2])}"
        elif affect is not None and affect.neutral:
            said = "it felt neither pleasant nor unpleasant"
        told = self._changes(sheet, said)
        if not said or not sheet.trust.uncalibrated:
            return told
        if sheet.level.versus is not None:
            return f"{told}, though without calibration that is a rough impression"
        rough_only = ", but only roughly: the microphone is not calibrated, so how loud it was cannot be told"
        without = "; without calibration this is a rough impression, and how loud it was cannot be told"
        return f"{told}{without if told != said else pick(rough_only, without)}"

    def _changes(self, sheet: FactSheet, said: str | None) -> str | None:
        if sheet.kind == "day":
            return said
        parts = []
        for change in sheet.changes:
            when = at(change.at).replace("at ", "at about ")
            if change.what == "affect":
                parts.append(f"it changed from {change.before} to {change.after} {when}")
            else:
                parts.append(f"it became {change.after} {when}")
        if len(parts) == 2 and sheet.changes[0].at == sheet.changes[1].at:
            turn = next(change for change in sheet.changes if change.what == "level")
            affect = next(part for part in parts if "from" in part)
            parts = [f"{affect} and became {turn.after}"]
        if not parts:
            return said
        return f"{said}; {' and '.join(parts)}" if said else " and ".join(parts)

    def standout(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return the single sounds that stood out."""
        if not sheet.notable:
            return None
        calibrated = sheet.level.calibrated
        parts = [
            f"{self._hedge(entry.label, sheet)}{SOUNDS[entry.label]} {at(entry.at)}"
            + (f" (up to {entry.LAFmax:.0f} dB(A))" if calibrated and entry.LAFmax is not None else "")
            for entry in sheet.notable
        ]
        return pick(f"what stood out: {listed(parts, 'and')}", f"{listed(parts, 'and')} stood out")

    def _hedge(self, label: str, sheet: FactSheet) -> str:
        sound = unsaid(label, sheet.sounds)
        return HEDGE[sound.certainty] if sound is not None else ""

    def course(self, sheet: FactSheet, pick: Pick) -> list[str]:
        """Return how a day went: its parts, and its loudest, quietest and calmest hours."""
        if sheet.kind != "day":
            return []
        parts = []
        for alike in parts_alike(sheet.parts):
            word, labels = alike[0].word, alike[0].sounds
            told = [f"felt {word}"] if word else []
            if labels:
                told.append(f"{'with' if word else 'brought'} {listed([SOUNDS[label] for label in labels], 'and')}")
            parts.append(" ".join([listed([f"the {part.part}" for part in alike], "and"), *told]))
        hours = [self._hour(same, sheet.level.calibrated) for same in hours_alike(sheet.extremes)]
        return ["; ".join(sentence) for sentence in (parts, hours) if sentence]

    def _hour(self, same: list[Extreme], calibrated: bool) -> str:
        first, whats = same[0], [extreme.what for extreme in same]
        figure = f", {first.LAeq:.0f} dB(A)" if calibrated and first.LAeq is not None and whats != ["calmest"] else ""
        return f"it was {listed(whats, 'and')} from {first.start.clock} to {first.end.clock}{figure}"

    def doubts(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return the two gravest doubts about the data."""
        trust = sheet.trust
        said = []
        if trust.gaps:
            said.append(f"only {trust.coverage_pct} % of this time was heard")
        if trust.overloaded:
            said.append("the microphone was overloaded at times, so the highest levels are too low")
        if trust.windy:
            said.append(f"wind on the microphone disturbed {trust.wind_pct} % of the time")
        if trust.clock_unsure and sheet.when is not None:
            said.append("times are approximate, as the clock is not synchronised")
        return "; ".join(said[:2]) or None

    def empty(self, sheet: FactSheet) -> list[str]:
        """Return the sentences for a time without any audio."""
        lead = self._lead(sheet, Pick(sheet.facts_id))
        return [f"{lead} no sound was recorded", "nothing can be said of how it sounded or felt"]


LANGUAGE = English()
