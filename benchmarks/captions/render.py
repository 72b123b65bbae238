"""A caption told from a fact sheet in the words of a bank, as a language model might."""

from random import Random

from benchmarks.captions.phrases import Bank
from monitor.narrate.facts.sheet import FactSheet, Moment, SoundFact
from monitor.narrate.facts.statements import WEEKDAYS, span
from monitor.narrate.language import by_presence, capital

SENTENCES = 4


def _nouns(group: list[SoundFact], bank: Bank, rng: Random) -> str:
    words = []
    for sound in group:
        hedge = "" if sound.certainty == "clear" else rng.choice(bank.hedges[sound.certainty]) + " "
        words.append(hedge + rng.choice(bank.nouns[sound.label]))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sounds(sheet: FactSheet, bank: Bank, rng: Random) -> str:
    if not sheet.heard:
        return "what was heard could not be identified"
    if not sheet.sounds:
        return rng.choice(bank.nothing)
    groups = by_presence(sheet.sounds, most=3)
    presence, group = groups[0]
    when = rng.choice(bank.presence[presence]) if presence else ""
    parts = [rng.choice(bank.first).format(nouns=_nouns(group, bank, rng), presence=when).strip()]
    for presence, group in groups[1:]:
        if presence:
            when = rng.choice(bank.presence[presence])
            parts.append(rng.choice(bank.joined).format(nouns=_nouns(group, bank, rng), presence=when))
    return ", ".join(parts)


def at(moment: Moment) -> str:
    """Return 'at 17:40', or '90 seconds into the recording'."""
    return f"at {moment.clock}" if moment.clock else f"{span(moment.offset_s)} into the recording"


def _word(word: str, sheet: FactSheet, bank: Bank, rng: Random) -> str:
    assert sheet.affect is not None
    strength = sheet.affect.strength if word == sheet.affect.word else "clearly"
    return rng.choice(bank.strength[strength or "clearly"]) + rng.choice(bank.synonyms[word])


def _where(sheet: FactSheet) -> str:
    return f"at {sheet.place}" if sheet.place else f"in the {sheet.place_kind}" if sheet.place_kind else "here"


def opening(sheet: FactSheet, bank: Bank, rng: Random) -> str:
    """Return the sentence of place, time and sounds."""
    sounds = _sounds(sheet, bank, rng)
    if sheet.when is None:
        pattern = rng.choice(bank.opening_clip)
        text = pattern.format(where=_where(sheet), span=span(sheet.duration_s), sounds=sounds)
    else:
        day = f"{WEEKDAYS[sheet.when.weekday]} {sheet.when.part}"
        text = rng.choice(bank.opening).format(
            where=_where(sheet), day=day, start=sheet.when.start, end=sheet.when.end, sounds=sounds
        )
    return capital(text)


def sentences(sheet: FactSheet, bank: Bank, rng: Random) -> dict[str, str]:
    """Return every sentence that the facts allow, by topic."""
    level, affect, told = sheet.level, sheet.affect, {}
    if level.calibrated and level.LAeq is not None and level.band is not None:
        figures = {"LAeq": f"{level.LAeq:.0f}", "band": rng.choice(bank.bands[level.band])}
        text = rng.choice(bank.level).format(**figures)
        if level.versus is not None:
            text += f", {rng.choice(bank.versus[level.versus])}"
        told["level"] = text + "."
        if level.LAFmax is not None and level.L90 is not None:
            told["figures"] = rng.choice(bank.level_figures).format(
                LAeq=f"{level.LAeq:.0f}", LAFmax=f"{level.LAFmax:.0f}", L90=f"{level.L90:.0f}"
            )
    if affect is not None and affect.word is not None:
        word = _word(affect.word, sheet, bank, rng)
        others = [other for other in affect.said if other != affect.word]
        if others:
            told["feeling"] = rng.choice(bank.feeling).format(word=word, second=_word(others[0], sheet, bank, rng))
        else:
            told["feeling"] = rng.choice(bank.feeling_one).format(word=word)
    elif affect is not None and affect.neutral:
        told["feeling"] = rng.choice(bank.neutral)
    if affect is not None and affect.denied:
        word = rng.choice(bank.synonyms[rng.choice(affect.denied)])
        told["denied"] = rng.choice(bank.denied).format(word=word)
    for change in sheet.changes:
        if change.what == "affect":
            words = {side: rng.choice(bank.synonyms[getattr(change, side)]) for side in ("before", "after")}
            told["change"] = rng.choice(bank.change).format(at=at(change.at), **words)
        else:
            told["change_level"] = rng.choice(bank.change_level).format(
                after=change.after, at=at(change.at), by=f"{change.difference:.0f}"
            )
    sure = {sound.label for sound in sheet.sounds if sound.certainty == "clear"}
    loud = [entry for entry in sheet.notable if entry.LAFmax is not None and entry.label in sure]
    if loud and level.calibrated:
        entry = rng.choice(loud)
        told["notable"] = rng.choice(bank.notable).format(
            noun=rng.choice(bank.nouns[entry.label]), at=at(entry.at), level=f"{entry.LAFmax:.0f}"
        )
    if sheet.absent:
        told["absent"] = rng.choice(bank.absent).format(noun=rng.choice(bank.nouns[rng.choice(sheet.absent)]))
    if sheet.scene is not None and sheet.scene.certainty == "clear":
        told["scene"] = rng.choice(bank.scene[sheet.scene.label])
    if sheet.trust.gaps:
        coverage = sheet.trust.coverage_pct
        told["coverage"] = rng.choice(bank.coverage).format(coverage=coverage, missing=100 - coverage)
    if sheet.trust.uncalibrated:
        told["uncalibrated"] = rng.choice(bank.uncalibrated)
    return {topic: capital(text) for topic, text in told.items()}


def headline(sheet: FactSheet, bank: Bank, rng: Random) -> str:
    """Return a headline from a feeling and a sound that are certain, as far as there are any."""
    sure = [sound.label for sound in sheet.sounds if sound.certainty == "clear"]
    where = sheet.place or "the place"
    noun = rng.choice(bank.nouns[sure[0]]) if sure else "no recognisable sound" if not sheet.sounds else ""
    word = ""
    if sheet.affect is not None and sheet.affect.word is not None:
        word = rng.choice(bank.synonyms[sheet.affect.word])
    patterns = [p for p in bank.headline if ("{noun}" not in p or noun) and ("{word}" not in p or word)]
    pattern = rng.choice(patterns) if patterns else "How it sounded at {where}"
    where = where if pattern.startswith("{where}") or "at {where}" in pattern else _where(sheet)
    return capital(pattern.format(where=where, noun=noun, word=word).strip())[:120]


def caption(sheet: FactSheet, bank: Bank, rng: Random, must: str | None = None) -> tuple[str, str]:
    """Return a headline and two to four sentences; `must` names a topic that has to be told."""
    told = sentences(sheet, bank, rng)
    first = opening(sheet, bank, rng)
    chosen = [must] if must in told else []
    if "uncalibrated" in told and must != "no calibration":
        chosen.append("uncalibrated")
    rest = [topic for topic in told if topic not in chosen and topic != "uncalibrated"]
    rng.shuffle(rest)
    count = rng.randint(max(1, len(chosen)), SENTENCES - 1)
    chosen += rest[: max(0, count - len(chosen))]
    order = [topic for topic in told if topic in chosen]
    return headline(sheet, bank, rng), " ".join([first, *(told[topic] for topic in order)])
