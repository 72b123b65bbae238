"""Parsers of what comes from outside: whatever they are given, they answer with a value or with their own sentence."""

import io
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.captions import summaries
from monitor.app import config
from monitor.app.failure import Failure
from monitor.model.bundle import Bundle, BundleError
from monitor.narrate.answer import AnswerError, parse
from monitor.narrate.check.caption import check
from monitor.narrate.facts.build import facts
from monitor.publish.contract.messages import KINDS, decode
from monitor.settings import NodeSettings
from monitor.sources.audio_file import AudioFileSource
from monitor.sources.calibration import CalibrationState
from monitor.sources.contract import SourceError
from training.networks import CheckpointError, read_state

fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
SHEET = facts(summaries.period(Random(1)), node=NodeSettings())
SCALE = CalibrationState(2.835798, False, "assumed", "uncalibrated")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


RUNS = st.lists(
    st.builds(
        lambda part, count: part * count,
        st.sampled_from(["\n", "@", "a@", "a.", "- ", "Headline: x", "Caption:", "birds ", "<think>", "</think>"]),
        st.integers(0, 1000),
    ),
    max_size=4,
)
"""Long runs of what an expression could try again and again."""


def sound_file(kind: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.sin(np.arange(4800) / 9), 48_000, format=kind)
    return buffer.getvalue()


FILES = {kind: sound_file(kind) for kind in ("WAV", "FLAC", "OGG")}


def hear(path: Path) -> None:
    try:
        with AudioFileSource(path, SCALE) as source:
            for _ in range(100):
                if source.exhausted:
                    break
                source.read(0.1)
    except SourceError as error:
        assert str(path) in str(error) and "\n" not in str(error)


@fuzz
@given(content=st.binary(min_size=0, max_size=300))
def test_any_bytes_as_a_sound_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.wav"
    path.write_bytes(content)
    hear(path)


@fuzz
@given(
    kind=st.sampled_from(sorted(FILES)),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
)
def test_a_damaged_sound_file(tmp_path: Path, kind: str, cut: float, changes: list[tuple[float, int]]) -> None:
    content = bytearray(FILES[kind][: max(1, round(cut * len(FILES[kind])))])
    for where, value in changes:
        content[int(where * len(content))] = value
    path = tmp_path / f"damaged.{kind.lower()}"
    path.write_bytes(bytes(content))
    hear(path)


@fuzz
@given(
    text=st.text(max_size=200)
    | st.from_regex(r"(\[[a-z.]{1,12}\]\n([a-z_]{1,10} = [0-9a-z\"'\[\]{}.-]{0,12}\n){0,3}){0,3}")
)
def test_any_text_as_a_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        config.load(path)
    except Failure as failure:
        assert failure.code in (78,) and "monitor.toml" in str(failure)


@fuzz
@given(answer=st.text(max_size=400) | st.binary(max_size=50) | JSON | RUNS.map("".join))
def test_any_answer_of_a_language_model(answer: object) -> None:
    try:
        parsed = parse(answer)
    except AnswerError:
        return
    assert parsed.caption
    verdict = check(parsed.headline, parsed.caption, SHEET, "en")
    assert verdict.reasons


def test_an_answer_nested_without_end() -> None:
    with pytest.raises(AnswerError, match="deeply"):
        parse('{"headline": ' + "[" * 1900 + "]" * 1900 + "}")


@fuzz
@given(kind=st.sampled_from(sorted(KINDS)) | st.text(max_size=20), payload=st.binary(max_size=200))
def test_any_payload_as_a_message(kind: str, payload: bytes) -> None:
    with pytest.raises(ValueError):
        decode(kind, payload)


@fuzz
@given(content=st.binary(max_size=300), suffix=st.sampled_from([".pth", ".npz"]))
def test_any_bytes_as_a_checkpoint(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_state(path)
    assert str(path) in str(caught.value)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "ran"),))  # type: ignore[return-value]

    path = tmp_path / "evil.pth"
    torch.save({"state_dict": Evil()}, path)
    with pytest.raises(CheckpointError):
        read_state(path)
    assert not (tmp_path / "ran").exists()


@fuzz
@given(content=st.binary(max_size=200))
def test_any_bytes_as_a_bundle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError):
        Bundle.load(tmp_path)
