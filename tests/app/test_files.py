"""`describe` and `measure` on files."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import CommandLine

KEYS = {"clip", "duration_s", "scene", "events", "affect", "loudness", "level", "caption", "model", "quality"}


def test_describe_gives_one_object_a_clip_and_goes_on_after_a_bad_one(
    monitor: CommandLine, make_sound: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    short, long, bad = tmp_path / "a.wav", tmp_path / "b.flac", tmp_path / "c.wav"
    soundfile.write(short, make_sound(1, 44_100), 44_100)
    soundfile.write(long, make_sound(70), 48_000)
    bad.write_text("no sound")
    outcome = monitor("describe", bad, short, long, "--json", "--full-scale-pa", "2.0")
    assert outcome.code == 65 and "c.wav" in outcome.sentence
    first, second = map(json.loads, outcome.out.splitlines())
    assert set(first) >= KEYS and first["duration_s"] == pytest.approx(1, abs=1e-3)
    assert set(first["level"]) == {"LAeq", "LAFmax", "LCpeak", "L10", "L50", "L90"}
    assert set(first["loudness"]) == {"N5", "N50", "N_mean", "N_max"}
    assert len(first["events"]) == 15 and len(first["affect"]["paq"]) == 8
    assert first["quality"]["calibrated"] and first["caption"]["source"] == "template" and first["model"]["id"]
    assert [w["start_s"] for w in second["windows"]] == [0.0, 30.0, pytest.approx(40.0, abs=0.1)]


@pytest.mark.parametrize("samples", [191_900, 287_800, 383_800, 479_700])
def test_a_file_may_end_just_before_a_hop(
    monitor: CommandLine, make_sound: Callable[..., np.ndarray], tmp_path: Path, samples: int
) -> None:
    """Less than 10 ms before a multiple of 2 s a frame of log-mel is there already, and the loudness not yet."""
    sound = tmp_path / "a.wav"
    soundfile.write(sound, make_sound(10)[:samples], 48_000)
    described = monitor("describe", sound, "--json")
    assert described.code == 0, described.err
    assert json.loads(described.out)["duration_s"] == pytest.approx(samples / 48_000, abs=1e-3)
    assert json.loads(described.out)["scene"]["label"]
    ran = monitor("run", "--source", sound, "--fast", "--json")
    assert ran.code == 0, ran.err
    [minute] = [record for kind, record in ran.records if kind == "MinuteSummary"]
    assert minute["quality"]["coverage"] == pytest.approx(samples / 48_000 / minute["duration_s"], abs=0.01)


def test_describe_draws_a_card_for_people(monitor: CommandLine, clip: Path) -> None:
    outcome = monitor("describe", clip)
    assert outcome.code == 0 and "pleasant" in outcome.out and "LAeq" in outcome.out
    assert "not calibrated" in outcome.out or "ncalibrated" in outcome.out


def test_full_scale_moves_levels_by_its_ratio(monitor: CommandLine, clip: Path) -> None:
    quiet, loud = (
        json.loads(monitor("describe", clip, "--json", "--full-scale-pa", value).out) for value in ("1.0", "10.0")
    )
    assert loud["level"]["LAeq"] - quiet["level"]["LAeq"] == pytest.approx(20, abs=0.05)


def test_measure_writes_the_annex_b_loudness(monitor: CommandLine, shared: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.csv"
    outcome = monitor(
        "measure", shared / "iso532" / "signal_10.wav", "--csv", out, "--full-scale-pa", str(2 * 2**0.5), config=False
    )
    assert outcome.code == 0
    with out.open() as stream:
        rows = list(csv.DictReader(stream))
    values = np.array([float(row["N_sone"]) for row in rows])
    reference = np.load(shared / "iso532" / "reference.npz")["N_10"]
    n = min(len(values), len(reference))
    assert n > 400 and np.abs(values[:n] - reference[:n]).max() < 6e-4


def test_measure_tells_no_level_for_silence(monitor: CommandLine, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(48_000), 48_000)
    assert monitor("measure", silent, "--csv", tmp_path / "s.csv", "--bands", config=False).code == 0
    rows = (tmp_path / "s-levels.csv").read_text().splitlines()
    assert rows[0] == "time_s,LAeq_dB,LAF_dB,LAS_dB" and all(row.endswith(",,,") for row in rows[1:])
    assert (tmp_path / "s-bands.csv").exists()


def test_measure_refuses_what_makes_no_sense(monitor: CommandLine, clip: Path, tmp_path: Path) -> None:
    for options in (("--field", "near"), ("--full-scale-pa", "-1"), ("--full-scale-pa", "nan")):
        outcome = monitor("measure", clip, "--csv", tmp_path / "x.csv", *options, config=False)
        assert outcome.code == 2 and options[1] in outcome.sentence
    assert monitor("measure", clip, "--csv", tmp_path / "no" / "x.csv", config=False).code == 2
