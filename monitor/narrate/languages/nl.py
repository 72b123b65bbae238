"""Nederlandse bijschriften."""

from monitor.narrate.facts.sheet import Change, Extreme, FactSheet, Moment, SoundFact
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

SOUNDS = {
    "Human sounds": "geluiden van mensen",
    "Wind": "wind",
    "Water": "water",
    "Natural sounds": "natuurgeluiden",
    "Traffic": "verkeer",
    "Sounds of things": "geluiden van voorwerpen of machines",
    "Vehicle": "voertuigen",
    "Bird": "vogels",
    "Speech": "pratende mensen",
    "Music": "muziek",
    "Noise": "onbestemd geluid",
    "Animal": "dieren",
}
SINGULAR = {"Wind", "Water", "Traffic", "Music", "Noise"}
SCENES = {"public_square": "een plein", "park": "een park", "street_traffic": "een straat met verkeer"}
KINDS = {"park": "het park", "garden": "de tuin", "street": "de straat", "square": "het plein"}
SAME = {
    "park": {"park", "garden", "tuin"},
    "public_square": {"square", "plein"},
    "street_traffic": {"street", "straat", "weg"},
}
PRESENCE = {
    "throughout": ("de hele tijd", "voortdurend"),
    "most": ("het grootste deel van de tijd", "meestal"),
    "part": ("een deel van de tijd", "een deel van de tijd"),
    "brief": ("kort", "even"),
}
HEDGE = {"clear": "", "likely": "waarschijnlijk ", "possible": "misschien "}
STRENGTH = {"slightly": "een beetje ", "clearly": "", "very": "heel "}
FEELINGS = {
    "pleasant": "aangenaam",
    "vibrant": "levendig",
    "eventful": "bedrijvig",
    "chaotic": "chaotisch",
    "annoying": "storend",
    "monotonous": "eentonig",
    "uneventful": "rustig",
    "calm": "kalm",
}
LEVELS = {
    "very quiet": "heel stil",
    "quiet": "stil",
    "moderate": "matig",
    "loud": "luid",
    "very loud": "heel luid",
}
TURNS = {"louder": "luider", "quieter": "stiller"}
VERSUS = {
    "much quieter": "veel stiller dan gewoonlijk",
    "quieter": "stiller dan gewoonlijk",
    "usual": "ongeveer even luid als gewoonlijk",
    "louder": "luider dan gewoonlijk",
    "much louder": "veel luider dan gewoonlijk",
}
EXTREMES = {"loudest": "het luidst", "quietest": "het stilst", "calmest": "het kalmst"}
WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
PARTS = {
    "early": "in de vroege uren van {day}",
    "night": "in de nacht van {day}",
    "morning": "op {day}ochtend",
    "afternoon": "op {day}middag",
    "evening": "op {day}avond",
    "day": "op {day}",
}
PART_NAMES = {"night": "de nacht", "morning": "de ochtend", "afternoon": "de middag", "evening": "de avond"}


def span(seconds: float) -> str:
    """Return a duration: 30 seconden, 1 minuut, 2 uur."""
    for unit, many, size in (("uur", "uur", 3600), ("minuut", "minuten", 60)):
        if seconds >= size and (seconds % size == 0 or seconds >= 2 * size):
            count = round(seconds / size)
            return f"{count} {unit if count == 1 else many}"
    return f"{seconds:.0f} seconde{'' if round(seconds) == 1 else 'n'}"


def at(moment: Moment) -> str:
    """Return 'om 17:40', or 'na 90 seconden'."""
    return f"om {moment.clock}" if moment.clock else f"na {span(moment.offset_s)}"


def _nouns(group: list[SoundFact]) -> str:
    sure = [SOUNDS[sound.label] for sound in group if sound.certainty == "clear"]
    hedged = [f"{HEDGE[sound.certainty]}{SOUNDS[sound.label]}" for sound in group if sound.certainty != "clear"]
    return listed([*sure, *hedged], "en")


def _plain(labels: list[str]) -> str:
    return listed([SOUNDS[label] for label in labels], "en")


class Dutch(Language):
    """Zinnen in het Nederlands."""

    code = "nl"

    def headline(self, sheet: FactSheet) -> list[str]:
        """Return the news first: a change, an unusual level, else the feeling; then what was heard."""
        if sheet.empty:
            return ["er is geen geluid opgenomen"]
        affect, level = sheet.affect, sheet.level
        change = next((change for change in sheet.changes if change.what == "affect"), None)
        words = []
        if change is not None:
            words = [f"van {FEELINGS[change.before]} naar {FEELINGS[change.after]} {at(change.at)}"]
        elif affect is not None and affect.word:
            hedge = "misschien " if sheet.trust.uncalibrated else ""
            words = [f"{hedge}{STRENGTH[told_strength(sheet)]}{FEELINGS[affect.word]}"]
        if level.versus not in (None, "usual"):
            words.append(VERSUS[level.versus or ""])
        elif level.band and level.band != "moderate" and change is None:
            words.append(LEVELS[level.band])
        sure = [sound.label for sound in sheet.sounds if sound.certainty == "clear"]
        likely = [sound.label for sound in sheet.sounds if sound.certainty == "likely"]
        pieces = [" en ".join(words)] if words else []
        if sure or likely:
            link = f"{', ' if words else ''}{'' if sure else 'waarschijnlijk '}{'met ' if words else ''}"
            pieces.append(link + _plain((sure or likely)[:2]))
        elif not words:
            pieces.append("geen geluid sprong eruit" if sheet.heard else "geluiden niet te herkennen")
        return pieces

    def _where(self, sheet: FactSheet) -> str:
        if sheet.place:
            return f"bij {sheet.place}"
        kind = (sheet.place_kind or "").lower()
        names = KINDS | {name.split()[1]: name for name in KINDS.values()}
        if not kind:
            return ""
        known = names.get(kind)
        return (
            f"{'in' if known in (KINDS['park'], KINDS['garden']) else 'op'} {known}"
            if known
            else f"op de plek ({kind})"
        )

    def _lead(self, sheet: FactSheet, verb: str, pick: Pick) -> str:
        """Return 'op zaterdagmiddag van 17:35 tot 17:40 was bij X', or as much of it as is known."""
        where = self._where(sheet)
        tail = f" {where}" if where else ""
        if sheet.when is None:
            return f"in deze opname van {span(sheet.duration_s)} {verb}{tail}"
        early = sheet.when.part == "night" and sheet.when.start < "12"
        day = PARTS["early" if early else sheet.when.part].format(day=WEEKDAYS[sheet.when.weekday])
        if sheet.kind == "day":
            return f"{day} {verb}{tail}"
        hours = f"van {sheet.when.start} tot {sheet.when.end}"
        return pick(f"{day}, {hours}, {verb}{tail}", f"{hours}, {day}, {verb}{tail}")

    def _surroundings(self, sheet: FactSheet) -> str:
        scene = sheet.scene
        if scene is None:
            return ""
        kind = (sheet.place_kind or "").lower()
        if scene.other:
            return f", in wat klonk als {SCENES[scene.label]} of {SCENES[scene.other]}"
        if kind in SAME[scene.label] or (sheet.place_kind and scene.certainty != "clear"):
            return ""
        return f", in wat {HEDGE[scene.certainty]}klonk als {SCENES[scene.label]}"

    def heard(self, sheet: FactSheet, pick: Pick) -> str:
        """Return where, when and what was heard."""
        around = self._surroundings(sheet)
        if not sheet.heard:
            return f"{self._lead(sheet, 'waren', pick)} de geluiden niet te herkennen"
        if not sheet.sounds:
            still = " en was het stil" if sheet.quiet else ""
            return f"{self._lead(sheet, 'sprong er', pick)} geen geluid uit{still}{around}"
        (first, group), *rest = by_presence(sheet.sounds)
        verb = "was" if len(group) == 1 and group[0].label in SINGULAR else "waren"
        hedges = {sound.certainty for sound in group}
        nouns = _nouns(group)
        if len(hedges) == 1:
            nouns = f"{HEDGE[group[0].certainty]}{_plain([sound.label for sound in group])}"
        when = f" {pick(*PRESENCE[first])}" if first else ""
        others = [f"{PRESENCE[key][0]} {_nouns(sounds)}" for key, sounds in rest if key]
        tail = f", met {listed(others, 'en')}" if others else ""
        calm = "; verder was het stil" if sheet.quiet and sheet.level.band is None else ""
        return f"{self._lead(sheet, verb, pick)} {nouns}{when} te horen{around}{tail}{calm}"

    def level(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how loud it was, and how that compares."""
        level = sheet.level
        hour = "" if sheet.kind == "day" else " op dit uur"
        versus = f"{VERSUS[level.versus]} hier{hour}" if level.versus else ""
        if not level.calibrated:
            if versus:
                return f"volgens de ongekalibreerde metingen was het {versus}"
            if rough(sheet):
                return None
            return pick(
                "hoe luid het was is niet te zeggen, want de microfoon is niet gekalibreerd",
                "de microfoon is niet gekalibreerd, dus hoe luid het was is niet te zeggen",
            )
        if level.LAeq is None:
            return "het was te stil om te meten" if level.band else "hoe luid het was is niet bekend"
        lden = f" (Lden {sheet.lden:.0f} dB(A))" if sheet.lden is not None else ""
        figure = f"gemiddeld {level.LAeq:.0f} dB(A){lden}"
        steady = {"steady": ", met weinig verschil", "varied": ", met grote verschillen", None: ""}[level.steadiness]
        band = LEVELS[level.band or "moderate"]
        if level.band == "moderate":
            said = pick(f"het geluidsniveau was {band}, {figure}", f"het niveau was {band}: {figure}")
        else:
            said = pick(f"het was {band}, {figure}", f"met {figure} was het {band}")
        return f"{said}{', ' if versus else ''}{versus or steady}"

    def feeling(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return how it felt, and what changed."""
        affect = sheet.affect
        said = None
        if affect is not None and affect.said:
            strength = STRENGTH[told_strength(sheet)]
            words = [FEELINGS[word] for word in affect.said if word != affect.word][:1]
            if affect.word:
                words.insert(0, f"{strength}{FEELINGS[affect.word]}")
            both = " en ".join(words)
            said = pick(f"het voelde {both} aan", f"de indruk was {both}", f"het kwam {both} over")
        elif affect is not None and affect.neutral:
            said = "het voelde niet aangenaam en niet onaangenaam aan"
        told = said
        if sheet.kind != "day" and sheet.changes:
            changed = self._changes(list(sheet.changes))
            told = f"{said}; {changed}" if said else changed
        if not said or not sheet.trust.uncalibrated:
            return told
        if sheet.level.versus is not None:
            return f"{told}, al is dat zonder kalibratie een ruwe indruk"
        rough_only = ", maar bij benadering: de microfoon is niet gekalibreerd, dus hoe luid het was is niet te zeggen"
        without = "; zonder kalibratie is dat een ruwe indruk, en hoe luid het was is niet te zeggen"
        return f"{told}{without if told != said else pick(rough_only, without)}"

    def _changes(self, changes: list[Change]) -> str:
        affect = next((change for change in changes if change.what == "affect"), None)
        level = next((change for change in changes if change.what == "level"), None)
        parts = []
        if affect is not None:
            when = at(affect.at).replace("om ", "omstreeks ")
            parts.append(f"het veranderde {when} van {FEELINGS[affect.before]} in {FEELINGS[affect.after]}")
        if level is not None:
            when = (
                "" if affect is not None and affect.at == level.at else at(level.at).replace("om ", "omstreeks ") + " "
            )
            parts.append(f"het werd {when}{TURNS[level.after]}")
        return " en ".join(parts)

    def standout(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return the single sounds that stood out."""
        if not sheet.notable:
            return None
        calibrated = sheet.level.calibrated
        parts = [
            f"{self._hedge(entry.label, sheet)}{SOUNDS[entry.label]} {at(entry.at)}"
            + (f" (tot {entry.LAFmax:.0f} dB(A))" if calibrated and entry.LAFmax is not None else "")
            for entry in sheet.notable
        ]
        return pick(f"wat opviel: {listed(parts, 'en')}", f"opvallend: {listed(parts, 'en')}")

    def _hedge(self, label: str, sheet: FactSheet) -> str:
        sound = unsaid(label, sheet.sounds)
        return HEDGE[sound.certainty] if sound is not None else ""

    def course(self, sheet: FactSheet, pick: Pick) -> list[str]:
        """Return how a day went, and its loudest and calmest hour."""
        if sheet.kind != "day":
            return []
        parts = []
        for alike in parts_alike(sheet.parts):
            word, labels, many = alike[0].word, alike[0].sounds, len(alike) > 1
            told = [f"{'voelden' if many else 'voelde'} {FEELINGS[word]} aan"] if word else []
            if labels:
                brought = "met" if word else "brachten" if many else "bracht"
                told.append(f"{brought} {_plain(list(labels))}")
            parts.append(" ".join([listed([PART_NAMES[part.part] for part in alike], "en"), *told]))
        hours = [self._hour(same, sheet.level.calibrated) for same in hours_alike(sheet.extremes)]
        return ["; ".join(sentence) for sentence in (parts, hours) if sentence]

    def _hour(self, same: list[Extreme], calibrated: bool) -> str:
        first, whats = same[0], [extreme.what for extreme in same]
        figure = f" ({first.LAeq:.0f} dB(A))" if calibrated and first.LAeq is not None and whats != ["calmest"] else ""
        hours = f"van {first.start.clock} tot {first.end.clock}"
        return f"{listed([EXTREMES[what] for what in whats], 'en')} was het {hours}{figure}"

    def doubts(self, sheet: FactSheet, pick: Pick) -> str | None:
        """Return the two gravest doubts about the data."""
        trust = sheet.trust
        said = []
        if trust.gaps:
            said.append(f"slechts {trust.coverage_pct} % van deze tijd is gehoord")
        if trust.overloaded:
            said.append("de microfoon was soms overstuurd, dus de hoogste niveaus zijn te laag")
        if trust.windy:
            said.append(f"wind op de microfoon stoorde {trust.wind_pct} % van de tijd")
        if trust.clock_unsure and sheet.when is not None:
            said.append("tijden zijn bij benadering, want de klok loopt niet gelijk")
        return "; ".join(said[:2]) or None

    def empty(self, sheet: FactSheet) -> list[str]:
        """Return the sentences for a time without any audio."""
        lead = self._lead(sheet, "is", Pick(sheet.facts_id))
        return [f"{lead} geen geluid opgenomen", "hoe het klonk of voelde is niet te zeggen"]


LANGUAGE = Dutch()
