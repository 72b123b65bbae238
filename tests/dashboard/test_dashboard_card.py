"""The card of one clip is readable at any width, with and without Unicode, and honest."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from monitor.dashboard.card import card
from monitor.types import EVENTS

RESULT: dict[str, Any] = {
    "clip": "clips/park.ogg",
    "duration_s": 30.0,
    "scene": {"label": "park", "prob": {"public_square": 0.12, "park": 0.81, "street_traffic": 0.07}},
    "events": dict.fromkeys(EVENTS, 0.02) | {"Bird": 0.93, "Wind": 0.31},
    "affect": {"isop": 0.31, "isoe": -0.12, "isop_uncertainty": 0.34, "isoe_uncertainty": 0.3, "paq": {}},
    "loudness": {"N5": 5.21, "N50": 3.3, "N_mean": 3.5, "N_max": 9.1},
    "level": {"LAeq": 48.2, "LAFmax": 61.0, "LCpeak": 78.1, "L10": 50.1, "L50": 46.6, "L90": 43.0},
    "caption": {"text": "A park where birds sing.", "source": "template"},
    "model": {"id": "model-1"},
    "quality": {"calibrated": False, "clipped_pct": 0.0, "coverage": 1.0},
}


def shown(result: dict[str, Any], width: int, encoding: str = "utf-8") -> str:
    class Out(StringIO):
        pass

    out = Out()
    Out.encoding = encoding  # type: ignore[assignment]
    Console(file=out, width=width, color_system=None).print(card(result))
    return out.getvalue()


@pytest.mark.parametrize("width", [50, 72, 80, 100, 200])
def test_all_that_is_promised_is_on_the_card(width: int) -> None:
    text = shown(RESULT, width)
    for word in (
        "park.ogg",
        "48.2",
        "61.0",
        "78.1",
        "5.2",
        "9.1",
        "81 %",
        "Bird",
        "93 %",
        "pleasant",
        "±0.34",
        "birds sing",
    ):
        assert word in text, word
    assert "UNCALIBRATED" in text
    assert all(len(line) <= width for line in text.splitlines())


def test_a_calibrated_clip_has_no_warning_and_faults_have() -> None:
    quality = {"calibrated": True, "clipped_pct": 2.5, "coverage": 0.8}
    text = shown(RESULT | {"quality": quality}, 100)
    assert "UNCALIBRATED" not in text and "2.5 % of the samples" in text and "80.0% of the clip" in text


def test_unknown_values_are_dashes() -> None:
    result = RESULT | {
        "scene": {"label": None, "prob": {}},
        "events": {},
        "affect": {"isop": None, "isoe": None, "paq": {}},
        "level": dict.fromkeys(RESULT["level"]),
        "loudness": dict.fromkeys(RESULT["loudness"]),
        "caption": None,
        "model": None,
    }
    text = shown(result, 80)
    assert "None" not in text and "no prediction yet" in text and "LAeq –" in text


def test_plain_ascii() -> None:
    assert shown(RESULT, 80, "ascii").isascii()
    assert shown(RESULT, 50, "latin-1").isascii()
