"""The commands that made the shipped weights, end to end on tiny recordings: mix, distil, listen, judge, export."""

import json
import shutil
from math import isnan
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model_export.__main__ import app as export_app
from monitor.model import Bundle
from training.__main__ import app
from training.networks import Checkpoint


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.timeout(600)
def test_recordings_become_a_bundle(recordings: Path, shared: Path, tmp_path: Path) -> None:
    work, scaling = tmp_path / "work", shared / "reference_clip" / "normalization.json"
    common = ("--recordings", recordings, "--labels", shared / "araus", "--teachers", shared / "published",
              "--scaling", scaling, "--work", work)  # fmt: skip
    run("mix", *common, "--seconds", 4, "--shards", 1)
    run("mix", *common, "--seconds", 4, "--shards", 1, "--held-out")
    run("listen", *common)
    run("listen", *common, "--level", 58)
    out = tmp_path / "trained.pt"
    run("distil", "--work", work, "--out", out, "--minutes", 0.05, "--scaling", scaling)
    assert (work / "narrow" / "curve.csv").read_text().startswith("step,minutes,clips")
    told = CliRunner().invoke(app, ["distil", "--work", str(work), "--out", str(out), "--start", str(out)])
    assert "begun from other weights" in str(told.exception)
    shutil.rmtree(work / "narrow")
    again = run("distil", "--work", work, "--out", out, "--minutes", 0.02, "--start", out)
    assert "calibration errors" in again
    assert "event_short" in run("recalibrate", out, "--work", work, "--out", tmp_path / "fields.json")
    fields = Checkpoint.load(out).more["bundle"]
    assert json.loads((tmp_path / "fields.json").read_text())["thresholds"] == fields["thresholds"]
    table = run("judge", out, "--work", work)
    assert "PAQ correlation" in table and "AUC Bird" in table
    figures = json.loads(run("judge", out, "--work", work, "--json"))
    assert (
        figures["places_30s"]["clips"] == 3 and -1 <= figures["held_out_4s"]["figures"]["paq_correlation"]["value"] <= 1
    )
    assert figures["places_30s_58dB"]["clips"] == figures["places_30s"]["scene_labels"]
    named, told = figures["places_30s"]["told"][0]
    assert all(isnan(share) or 0 <= share <= 1 for share in (named, told))
    bundle = tmp_path / "bundle"
    result = CliRunner().invoke(export_app, ["export", "--checkpoint", str(out), "--out", str(bundle)])
    assert result.exit_code == 0, result.output
    assert Bundle.load(bundle).manifest.thresholds.fallback == ()


def test_judging_without_anything_to_judge_by_says_what_to_do(tmp_path: Path) -> None:
    shipped = tmp_path / "start.pt"
    CliRunner().invoke(export_app, ["checkpoint", str(Bundle.load(None).folder), "--out", str(shipped)])
    with pytest.raises(ValueError, match="training listen"):
        CliRunner().invoke(app, ["judge", str(shipped), "--work", str(tmp_path)], catch_exceptions=False)
