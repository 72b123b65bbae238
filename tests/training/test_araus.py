"""The ARAUS data set as published: labels, what is missing, features, training, evaluation, calibration."""

import json
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from model_export.bundles import AMENDABLE
from monitor.model.manifest import Calibration, Thresholds, Uncertainty
from tests.training.conftest import COUNTS, SECONDS, Araus
from training.__main__ import app, main
from training.araus import ArausError, find_audio, read_labels
from training.cache import FeatureCache, file_features, frame_counts
from training.features import clip_features
from training.networks import Checkpoint
from training.normalization import Normalization
from training.train import Run, Split, TrainSettings, train

runner = CliRunner()


def test_labels_are_read_in_order(araus: Araus) -> None:
    labels = read_labels(araus.labels, "train")
    assert len(labels) == COUNTS["training"]
    targets = labels.targets()
    assert targets["scene"].sum(axis=1).tolist() == [1.0] * len(labels)
    assert targets["affect"].shape == (len(labels), 10)
    assert labels.events[0] == {"Bird", "Animal"}


def test_published_labels_are_read(shared: Path) -> None:
    assert [len(read_labels(shared / "araus", split)) for split in ("train", "validation", "test")] == [
        19_152,
        2_520,
        3_576,
    ]


@pytest.mark.parametrize(
    ("kind", "text", "complaint"),
    [
        ("acoustic_scene_labels", "meadow\n" * 6, "line 1: unknown scene 'meadow'"),
        ("audio_event_labels", "Bird\tUfo\n" * 6, "line 1: unknown event 'Ufo'"),
        ("ISOP_ISOE", "0.1 0.2\n" * 5, "6 lines expected as in the file of ids, 5 found"),
        ("PAQ_8D_AQs", "1 2 3\n" * 6, "line 1: 8 numbers expected, 3 found"),
        ("PAQ_8D_AQs", "1 2 3 4 5 6 7 x\n" * 6, "could not convert"),
    ],
)
def test_faulty_labels_are_named(araus: Araus, tmp_path: Path, kind: str, text: str, complaint: str) -> None:
    for file in araus.labels.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / f"training_set_{kind}.txt").write_text(text)
    with pytest.raises(ArausError, match=complaint):
        read_labels(tmp_path, "train")


def test_prepare_says_what_is_missing(araus: Araus, tmp_path: Path) -> None:
    found = find_audio(araus.audio)
    complete = runner.invoke(app, ["prepare", "--labels", str(araus.labels), "--audio", str(araus.audio)])
    assert complete.exit_code == 0
    assert "train: 6 rows, 6 recordings found, 0 missing" in complete.output
    name = next(iter(found))
    for path in found.values():
        if path.stem != name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    partly = runner.invoke(app, ["prepare", "--labels", str(araus.labels), "--audio", str(tmp_path)])
    assert partly.exit_code == 1
    assert f"missing: {name}" in partly.output


def test_features_of_a_file_are_those_of_the_node(tmp_path: Path) -> None:
    samples = 0.02 * np.random.default_rng(0).standard_normal(4 * 48_000)
    soundfile.write(tmp_path / "clip.wav", samples, 48_000, subtype="DOUBLE")
    mel, sone = file_features(tmp_path / "clip.wav", 4.0)
    assert (mel.shape[0], sone.shape[0]) == frame_counts(4.0)
    node_mel, node_sone = clip_features(samples * 2.835798)
    assert np.abs(mel - node_mel).max() < 0.05
    assert np.abs(sone - node_sone).max() < 0.02


def test_features_are_not_computed_twice(araus: Araus, tmp_path: Path) -> None:
    found = find_audio(araus.audio)
    files: list[Path | None] = [found[name] for name in read_labels(araus.labels, "test").ids]
    first = FeatureCache.write(tmp_path, [files[0], None, None, None], SECONDS)
    assert first.done.tolist() == [True, False, False, False]
    computed = []
    second = FeatureCache.write(tmp_path, files, SECONDS, tick=lambda: computed.append(1))
    assert second.done.all()
    assert len(computed) == 3
    assert np.isfinite(second.mel).all()
    with pytest.raises(ArausError, match="another length"):
        FeatureCache.write(tmp_path, files, SECONDS + 1)


def test_a_killed_run_keeps_the_features_it_had(araus: Araus, tmp_path: Path) -> None:
    files = [str(path) for path in find_audio(araus.audio).values()][:5]
    code = f"""
import os, signal
from pathlib import Path
from training import cache
ticks = []
def tick():
    ticks.append(1)
    if len(ticks) == 3:
        os.killpg(0, signal.SIGKILL)
cache.CLIPS_A_SAVE = 2
cache.FeatureCache.write(Path({str(tmp_path)!r}), [Path(one) for one in {files}], {SECONDS}, tick=tick)
"""
    assert (
        subprocess.run([sys.executable, "-c", code], start_new_session=True, check=False).returncode == -signal.SIGKILL
    )
    kept = FeatureCache(tmp_path)
    assert kept.done.tolist() == [True, True, False, False, False]
    assert np.abs(kept.mel[1] - file_features(Path(files[1]), SECONDS)[0]).max() == 0


def test_unreadable_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    with pytest.raises(ArausError, match=r"broken\.wav: not readable"):
        file_features(tmp_path / "broken.wav", 4.0)


@pytest.fixture(scope="module")
def trained(araus: Araus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, through the command line."""
    root = tmp_path_factory.mktemp("run")
    cache = ["--cache", str(root / "cache"), "--labels", str(araus.labels)]
    heard = runner.invoke(app, ["features", *cache, "--audio", str(araus.audio), "--seconds", str(SECONDS)])
    assert heard.exit_code == 0, heard.output
    options = ["--epochs", "2", "--batch", "3", "--device", "cpu", "--out", str(root / "out")]
    done = runner.invoke(app, ["train", *cache, *options])
    assert done.exit_code == 0, done.output
    return root


def test_training_writes_checkpoints_that_say_what_they_are_and_curves(trained: Path) -> None:
    saved = Checkpoint.load(trained / "out" / "last.pt")
    assert saved.network == "SoundEQnet"
    assert saved.more["config"]["learning_rate"] == 5e-4
    assert saved.more["epoch"] == 2
    assert {"optimiser", "weighting", "best"} <= saved.more.keys()
    assert sum(p.numel() for p in saved.module().parameters()) == 2_701_812
    rows = (trained / "out" / "curves.csv").read_text().splitlines()
    assert rows[0].startswith("epoch,loss,scene_macro")
    assert len(rows) == 3
    assert (trained / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_training_resumes(araus: Araus, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "last.pt").write_bytes((trained / "out" / "last.pt").read_bytes())
    options = ["--cache", str(trained / "cache"), "--labels", str(araus.labels), "--out", str(tmp_path / "out")]
    done = runner.invoke(app, ["train", *options, "--epochs", "3", "--batch", "3", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert Checkpoint.load(tmp_path / "out" / "last.pt").more["epoch"] == 3
    assert len((tmp_path / "out" / "curves.csv").read_text().splitlines()) == 2


def test_a_sibling_trains_too(araus: Araus, trained: Path, tmp_path: Path) -> None:
    options = ["--cache", str(trained / "cache"), "--labels", str(araus.labels), "--out", str(tmp_path)]
    done = runner.invoke(app, ["train", *options, "--network", "Baseline_CNN", "--epochs", "1", "--batch", "3"])
    assert done.exit_code == 0, done.output
    assert Checkpoint.load(tmp_path / "last.pt").network == "Baseline_CNN"


@pytest.mark.parametrize(("error", "patience"), [(1.0, 2), (float("nan"), 3)])
def test_training_ends_after_the_epochs_of_patience(
    araus: Araus, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: float, patience: int
) -> None:
    monkeypatch.setattr("training.train.validate", lambda *_: {"isop_mse": error})
    cache = FeatureCache(trained / "cache" / "validation")
    scale = Normalization.read(trained / "cache" / "normalization.json")
    split = Split(cache, read_labels(araus.labels, "validation"), scale)
    one = Run(TrainSettings("Baseline_CNN", epochs=4, patience=patience, device="cpu"), scale, tmp_path)
    if error == 1:
        assert train(one, split, split) == tmp_path / "best.pt"
    else:
        with pytest.raises(ValueError, match="no epoch of 3 had a finite validation error"):
            train(one, split, split)
    assert one.epoch == 3


def test_evaluation_prints_the_paper_beside_the_model(araus: Araus, trained: Path, tmp_path: Path) -> None:
    best, figures = trained / "out" / "best.pt", tmp_path / "figures.json"
    options = ["--cache", str(trained / "cache"), "--labels", str(araus.labels), "--out", str(figures)]
    other = tmp_path / "best.pt"
    other.write_bytes(best.read_bytes())
    models = [str(best), str(other)]
    done = runner.invoke(app, ["evaluate", *models, *options, "--rounds", "10"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "PANNs (paper)" in done.output
    table = json.loads(figures.read_text())
    assert set(table) == {"constant (training means)", f"SoundEQnet ({best})", f"SoundEQnet ({other})"}
    value, low, high = table[f"SoundEQnet ({best})"]["paq_mse"]
    assert low <= value <= high


def test_calibration_gives_fields_that_a_bundle_takes(araus: Araus, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "fields.json"
    options = ["--cache", str(trained / "cache"), "--labels", str(araus.labels), "--out", str(out)]
    done = runner.invoke(app, ["calibrate", str(trained / "out" / "best.pt"), *options])
    assert done.exit_code == 0, done.output
    fields = json.loads(out.read_text())
    assert set(fields) <= set(AMENDABLE)
    Calibration.model_validate(fields["calibration"])
    Thresholds.model_validate(fields["thresholds"])
    Uncertainty.model_validate(fields["uncertainty"])


def test_normalisation_is_mean_and_spread() -> None:
    rng = np.random.default_rng(0)
    mel, sone = rng.normal(-40, 9, (5, 50, 64)), rng.normal(10, 4, (5, 250))
    x, y = Normalization.measure(mel, sone).apply(mel, sone)
    assert x.shape == (5, 50, 64) and y.shape == (5, 250, 1)
    np.testing.assert_allclose([x.mean(), x.std(), y.mean(), y.std()], [0, 1, 0, 1], atol=1e-4)


def test_normalisation_is_measured_block_by_block() -> None:
    rng = np.random.default_rng(0)
    mel, sone = (rng.normal(-40, 0.5, shape).astype(np.float16) for shape in ((200, 101, 64), (200, 500)))
    rows = np.flatnonzero(rng.random(200) < 0.8)
    tracemalloc.start()
    scale = Normalization.measure(mel, sone, rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mel.nbytes
    some = mel[rows].astype(np.float64)
    np.testing.assert_allclose(scale.mel_mean, some.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(scale.mel_std, some.std(axis=(0, 1)), rtol=1e-6)
    wanted = sone[rows].astype(np.float64)
    assert (scale.loudness_mean, scale.loudness_std) == pytest.approx((wanted.mean(), wanted.std()), rel=1e-9)


def test_faults_in_files_are_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=r"scale\.json: not a file of means"):
        Normalization.read(tmp_path / "scale.json")
    monkeypatch.setattr("training.__main__.app", lambda: (tmp_path / "gone").read_text())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 65
    assert capsys.readouterr().err == f"{tmp_path / 'gone'}: No such file or directory.\n"


def test_the_command_line_teaches() -> None:
    text = runner.invoke(app, ["--help"]).output
    for command in ("prepare", "features", "mix", "train", "distil", "evaluate", "calibrate"):
        assert command in text
