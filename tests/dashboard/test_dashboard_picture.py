"""The picture fits its terminal at any size, says in words what colour says, and never feigns certainty."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from synthetic import Place
from synthetic_snapshots import HEADLINE, snapshots

from monitor.dashboard.figures import feeling
from monitor.dashboard.frame import render
from monitor.dashboard.recent import Recent
from monitor.records import Affect, Quality, Scene
from monitor.snapshot import Health, Snapshot

START = datetime(2026, 5, 9, 14, 50, tzinfo=UTC)
UNCALIBRATED = Quality(calibrated=False, level_reference="assumed", coverage=1, clipped_pct=0)


@pytest.fixture(scope="module")
def minute() -> list[Snapshot]:
    return list(snapshots(Place("park", 3), START, 60))


def draw(shown: list[Snapshot], width: int, height: int, *, encoding: str = "utf-8", notice: str | None = None) -> str:
    class Out(StringIO):
        pass

    out = Out()
    Out.encoding = encoding  # type: ignore[assignment]
    recent = Recent()
    for snapshot in shown:
        recent.add(snapshot)
    console = Console(file=out, width=width, height=height, color_system=None, force_terminal=False)
    console.print(render(shown[-1], recent, width, height, notice))
    return out.getvalue()


def test_sections_take_all_the_room_there_is(minute: list[Snapshot]) -> None:
    for size in ((160, 50), (120, 36), (80, 24)):
        lines = draw(minute, *size).rstrip("\n").split("\n")
        assert not [line for line in lines[1:-1] if not line[size[0] // 2 :].strip()], size


def with_(snapshot: Snapshot, **changes: object) -> list[Snapshot]:
    return [snapshot.model_copy(update=changes)]


@pytest.mark.parametrize(
    "size", [(80, 24), (160, 50), (120, 36), (100, 30), (72, 20), (60, 16), (40, 10), (20, 5), (300, 80)]
)
def test_the_picture_fills_its_terminal_exactly(minute: list[Snapshot], size: tuple[int, int]) -> None:
    lines = draw(minute, *size).rstrip("\n").split("\n")
    assert len(lines) == size[1]
    assert {len(line) for line in lines} == {size[0]}


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_everything_promised_is_there(minute: list[Snapshot], size: tuple[int, int]) -> None:
    text = draw(minute, *size, notice="alert raised: night-noise")
    last = minute[-1]
    for word in (
        "demo/bandstand", f"{last.LAF:.1f} dB(A)", "LAeq,60s", "L90", "LAFmax", "sone", "N5", "▁", "1k", "park",
        "chaotic", "vibrant", "monotonous", "calm", "pleasant", "annoying", "eventful", HEADLINE[:30], "template",
        "capture", "gaps", "drops", "lag", "queues", "outbox", "broker", "LLM", "calibration", "up", "q quits",
        "● ok", "night-noise",
    ):  # fmt: skip
        assert word in text, word


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (60, 16), (40, 10)])
def test_a_notice_is_shown_at_every_size(minute: list[Snapshot], size: tuple[int, int]) -> None:
    assert "reconnecting: nothing" in draw(minute, *size, notice="reconnecting: nothing listens at 127.0.0.1:1883")


def test_the_path_is_drawn_in_braille_around_the_present(minute: list[Snapshot]) -> None:
    text = draw(minute, 80, 24)
    assert any(0x2800 < ord(char) <= 0x28FF for char in text)


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (60, 16)])
def test_an_uncalibrated_node_says_so_at_every_size(minute: list[Snapshot], size: tuple[int, int]) -> None:
    assert "UNCALIBRATED: levels relative" in draw(with_(minute[-1], quality=UNCALIBRATED), *size)
    assert "UNCALIBRATED" not in draw(minute, *size)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_a_partial_prediction_says_so(minute: list[Snapshot], size: tuple[int, int]) -> None:
    assert "PARTIAL" in draw(minute[:10], *size)
    assert "PARTIAL" not in draw(minute, *size)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_affect_comes_with_its_uncertainty(minute: list[Snapshot], size: tuple[int, int]) -> None:
    assert "±0.34" in draw(minute, *size)
    plain = minute[-1].affect.model_copy(update={"isop_uncertainty": None, "isoe_uncertainty": None})
    text = draw(with_(minute[-1], affect=plain), *size)
    assert "±" not in text and "listeners differ" in text


def test_the_state_is_a_word_with_its_reasons(minute: list[Snapshot]) -> None:
    for size in ((80, 24), (160, 50)):
        for state in ("degraded", "failing"):
            health = Health(state=state, reasons=["broker not reachable"], capture="ok")  # type: ignore[arg-type]
            text = draw(with_(minute[-1], health=health), *size)
            assert state.upper() in text and "broker not reachable" in text


def test_plain_ascii_where_the_encoding_has_no_more(minute: list[Snapshot]) -> None:
    for size in ((80, 24), (160, 50), (60, 16)):
        shown = with_(minute[-1], caption_text="Café près d'une fontaine…", quality=UNCALIBRATED)
        text = draw([*minute, *shown], *size, encoding="ascii")
        assert text.isascii()
        assert "calm" in text or size == (60, 16)


def test_nothing_known_is_dashes_not_numbers(minute: list[Snapshot]) -> None:
    empty = minute[0].model_copy(
        update={
            "LAF": None, "LAS": None, "LAeq_1s": None, "LAeq_60s": None, "LAFmax_60s": None, "L90_60s": None, "N": None,
            "N5_60s": None, "bands": [], "events": {}, "active": {}, "scene": Scene(label=None, prob={}),
            "affect": Affect(isop=None, isoe=None), "caption_headline": None, "caption_text": None,
        }
    )  # fmt: skip
    for size in ((80, 24), (160, 50), (40, 10)):
        text = draw([empty], *size)
        assert "– dB(A)" in text and "-100" not in text and "None" not in text
    assert "no prediction" in text or "no scene" in draw([empty], 80, 24)


def test_text_from_elsewhere_cannot_steer_the_terminal(minute: list[Snapshot]) -> None:
    hostile = "ok\x1b[2J\x1b]0;owned\x07 [bold]x[/bold] \u202e end"
    health = Health(state="degraded", reasons=[hostile], capture=hostile)
    shown = with_(minute[-1], caption_headline=hostile, caption_text=hostile, site="a\x1bb", health=health)
    text = draw(shown, 160, 50, notice=hostile)
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert "[bold]x[/bold]" in text


def test_a_general_kind_is_not_listed_beside_the_special_one_that_captions_tell(minute: list[Snapshot]) -> None:
    heard = {"Traffic": 0.9, "Vehicle": 0.8, "Animal": 0.7}
    text = draw(with_(minute[-1], events=heard, active={"Traffic": 20.0, "Vehicle": 20.0}), 80, 24)
    assert "Traffic" in text and "Animal" in text and "Vehicle" not in text


@pytest.mark.parametrize(
    ("isop", "isoe", "word"), [(0.0, 0.07, "neutral"), (0.09, 0.0, "pleasant"), (0.2, -0.2, "calm")]
)
def test_the_word_for_a_feeling_is_the_captions_own(isop: float, isoe: float, word: str) -> None:
    assert feeling(isop, isoe) == word


def test_seconds_not_heard_are_marked_and_not_bridged(minute: list[Snapshot]) -> None:
    recent = Recent()
    for index, snapshot in enumerate(minute):
        recent.add(snapshot.model_copy(update={"LAeq_1s": None}) if 20 <= index < 40 else snapshot)
    levels = recent.levels(60, 1)
    assert [value is None for value in levels] == [False] * 20 + [True] * 20 + [False] * 20


def test_a_clock_that_jumps_back_begins_the_memory_afresh(minute: list[Snapshot]) -> None:
    recent = Recent()
    for snapshot in (*minute, minute[0]):
        recent.add(snapshot)
    assert sum(value is not None for value in recent.levels(100, 1)) == 1


def test_wordy_states_leave_room_for_the_others(minute: list[Snapshot]) -> None:
    health = Health(
        state="degraded",
        reasons=["uncalibrated: levels are relative", "the clock is not synchronised: times may be wrong"],
        capture="demo scene, synthesised, for want of a microphone",
        calibration="uncalibrated: 2.836 Pa at full scale is assumed",
        broker="reconnecting: connection refused by the broker at 10.0.0.1",
        llm="paused: over the budget of the day",
        queues={"hear": 1, "infer": 0, "summarise": 2, "narrate": 0},
    )
    text = draw(with_(minute[-1], quality=UNCALIBRATED, health=health), 80, 24)
    for name in ("capture", "calibration none", "broker", "LLM", "gaps 0", "drops 0", "lag"):
        assert name in text, name
