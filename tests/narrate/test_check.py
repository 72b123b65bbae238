"""The check refuses what the facts do not bear out, and lets through what they do."""

from random import Random

import pytest

from benchmarks.captions import summaries
from benchmarks.captions.judged import BANKS, cases
from benchmarks.captions.written import sets, written
from monitor.narrate.check.caption import check
from monitor.narrate.facts.build import facts
from monitor.narrate.facts.sheet import FactSheet
from monitor.records import EventActivity, PeriodSummary, Usual
from monitor.settings import NodeSettings

NODE = NodeSettings(place="Vondelpark", place_kind="park", time_zone="Europe/Amsterdam")


@pytest.mark.parametrize("bank", BANKS)
def test_true_and_subtly_false_captions_are_told_apart(bank: str) -> None:
    judged = list(cases(bank, 300))
    refused = sum(case.true and case.miss for case in judged)
    accepted = sum(not case.true and case.miss for case in judged)
    assert refused <= 9, [case for case in judged if case.true and case.miss]
    assert accepted <= 3, [case for case in judged if not case.true and case.miss]


def test_captions_of_writers_who_never_saw_the_lexicon_are_told_apart() -> None:
    judged = [case for seed in sets() for case in written(seed)]
    assert len(judged) >= 600
    refused = [case for case in judged if case.true and case.miss]
    accepted = [case for case in judged if not case.true and case.miss]
    assert len(refused) <= 0.03 * len(judged) / 2, refused
    assert len(accepted) <= 0.01 * len(judged) / 2, accepted


def _period(**change: object) -> PeriodSummary:
    """Return a calm, calibrated five minutes from 17:35 local time on a Saturday: birds throughout, voices at times."""
    base = summaries.period(Random(7), minutes=5, profile="park")
    silent = {label: EventActivity(mean=0, max=0.01, active=0) for label in base.events}
    events = silent | {
        "Bird": EventActivity(mean=0.9, max=0.99, active=0.97),
        "Speech": EventActivity(mean=0.3, max=0.95, active=0.3),
        "Music": EventActivity(mean=0.2, max=0.6, active=0.1),
    }
    levels = base.levels.model_copy(update={"LAeq": 47.2, "LAFmax": 63.4, "L90": 41.0, "L10": 49.0, "reason": None})
    told = {
        "start": "2025-06-21T15:35:00Z",
        "levels": levels.model_dump(),
        "loudness": base.loudness.model_copy(update={"N5": 5.0}).model_dump(),
        "events": events,
        "affect": {"isop": 0.4, "isoe": -0.3},
        "scene": {"label": "park", "prob": {"park": 0.9, "public_square": 0.05, "street_traffic": 0.05}},
        "sound_events": [],
        "trace": [],
        "quality": {"calibrated": True, "level_reference": "calibrated", "coverage": 1, "clipped_pct": 0},
    }
    return PeriodSummary.model_validate(base.model_dump() | told | change)


@pytest.fixture(scope="module")
def sheet() -> FactSheet:
    usual = Usual(local_hour=17, n_days=30, LAeq_median=52, LAeq_p10=50, LAeq_p90=54, N5_median=7)
    return facts(_period(), node=NODE, usual=usual)


@pytest.mark.parametrize(
    "text",
    [
        "Birds could be heard throughout, with voices at times. It was quiet, at 47 dB(A) on average.",
        "At Vondelpark, from 17:35 to 17:40, birdsong was heard the whole time. It felt calm.",
        "On Saturday afternoon it was quieter than usual here, by 5 dB. There was no traffic.",
        "It was not chaotic. The level peaked at 63 dB(A), against a background of 41 dB(A).",
        "Birds were heard for 97 % of the time. There was probably some music too, but only briefly.",
        "It was calm between 5:35 pm and 5:40 pm. Neither water nor traffic was heard.",
    ],
)
def test_true_statements_pass(sheet: FactSheet, text: str) -> None:
    assert check(None, text, sheet, "en").reasons == ()


@pytest.mark.parametrize(
    "text",
    [
        "Birds could be heard throughout. It averaged 49 dB(A).",
        "Birds could be heard throughout. It averaged 63 dB(A).",
        "It peaked at 47 dB(A). Birds were heard.",
        "Birds were heard at times, with voices throughout. It was quiet.",
        "From 17:35 to 17:45 birds were heard. It was quiet.",
        "On Sunday afternoon birds were heard. It was quiet.",
        "On Saturday morning birds were heard. It was quiet.",
        "It was louder than usual. Birds were heard.",
        "It was as loud as usual. Birds were heard.",
        "It was loud. Birds were heard.",
        "It was not calm. Birds were heard.",
        "It felt vibrant. Birds were heard.",
        "There were no birds. It was quiet.",
        "Music was heard briefly. It was quiet.",
        "Music clearly stood out, probably. Birds clearly were music.",
        "Traffic was heard. It was quiet.",
        "A blackbird sang throughout. It was quiet.",
        "Two birds were heard. It was quiet.",
        "Birds were heard because it was spring. It was quiet.",
        "It became louder at 17:38. Birds were heard.",
        "It turned from calm to chaotic at 17:38. Birds were heard.",
        "It sounded like a street. Birds were heard.",
        "Birds were heard for 80 % of the time. It was quiet.",
        "Only birds were heard. It was quiet.",
        "It was quiet, at 47 dB(C). Birds were heard.",
        "It was quiet, at forty seven decibels. Birds were heard.",
        "Birds were heard. It was *quiet*.",
        "Birds were heard. See https://example.org for more.",
        "Birds were heard.",
        "In het park waren vogels te horen. Het was stil.",
        "Birds were heard after dark. It was quiet.",
        "I am sorry. I cannot write that.",
    ],
)
def test_untrue_statements_are_refused(sheet: FactSheet, text: str) -> None:
    assert check(None, text, sheet, "en").reasons


def test_what_is_too_long_is_refused_unread(sheet: FactSheet) -> None:
    (reason,) = check("Birds", "Aliens were heard. " * 50, sheet, "en").reasons
    assert "characters" in reason


def test_dutch_is_checked_too(sheet: FactSheet) -> None:
    good = "De hele tijd waren vogels te horen, met een deel van de tijd stemmen. Het was stil, gemiddeld 47 dB(A)."
    assert check(None, good, sheet, "nl").reasons == ()
    for bad in (
        good.replace("47", "52"),
        good.replace("vogels", "honden"),
        good.replace("stil", "luid"),
        good.replace("De hele tijd", "Kort"),
        "Het voelde chaotisch aan. Er waren vogels te horen.",
        "Het was luider dan gewoonlijk. Er waren vogels te horen.",
        "Er waren geen vogels te horen. Het was stil.",
    ):
        assert check(None, bad, sheet, "nl").reasons, bad


def test_an_uncalibrated_level_must_be_called_so() -> None:
    quality = {"calibrated": False, "level_reference": "assumed", "coverage": 1, "clipped_pct": 0}
    sheet = facts(_period(quality=quality), node=NODE)
    bare = "Birds were heard. The average was 47 dB(A)."
    assert any("uncalibrated" in reason for reason in check(None, bare, sheet, "en").reasons)
    assert check(None, "Birds were heard. The uncalibrated average was 47 dB(A).", sheet, "en").reasons == ()
    assert check(None, "Birds were heard. It was quiet, though uncalibrated.", sheet, "en").reasons


def test_without_a_lexicon_figures_are_checked(sheet: FactSheet) -> None:
    good = check("Im Park", "Im Mittel waren es 47 dB(A). Das war von 17:35 bis 17:40.", sheet, "de")
    assert (good.reasons, good.scope) == ((), "figures")
    assert check("Im Park", "Im Mittel waren es 58 dB(A). Mehr war nicht.", sheet, "de").reasons
    assert check("Im Park", "Um 18:35 war es still. Mehr war nicht.", sheet, "de").reasons
    assert check("Im Park", f"Es waren {'9' * 310} dB(A). Mehr war nicht.", sheet, "de").reasons


def test_words_of_the_name_of_the_place_claim_nothing() -> None:
    node = NodeSettings(place="Loud Dog Street 12", time_zone="Europe/Amsterdam")
    sheet = facts(_period(), node=node)
    assert check(None, "At Loud Dog Street 12 birds were heard. It was quiet.", sheet, "en").reasons == ()
    assert check(None, "At Loud Dog Street 12 dogs were heard. It was quiet.", sheet, "en").reasons
