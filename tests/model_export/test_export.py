"""A bundle says what its network says: on the reference, on extremes, and by its command line."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from random_networks import NORMALISATION, along, frames, random_network
from typer.testing import CliRunner

from model_export.__main__ import app
from model_export.bundles import ExportError, amend, write_bundle
from model_export.parity import extreme_windows, largest_deviation, window
from monitor.model import Bundle, Predictor
from monitor.model.collector import Job
from monitor.model.predictor import engine_of
from monitor.model.scores import Scores
from monitor.types import PAQ
from training.networks import Checkpoint, build, load_published
from training.networks.published import original_key

CLIP = "fold_1_participant_00056_stimulus_13"


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output + str(result.exception or "")


def test_export_and_torch_agree_on_the_extremes(bundle: Bundle) -> None:
    assert largest_deviation(random_network(), bundle, extreme_windows(bundle)).relative < 1e-4


def test_a_bundle_of_other_weights_is_noticed(bundle: Bundle) -> None:
    first = [next(extreme_windows(bundle))]
    assert largest_deviation(random_network(seed=2), bundle, first).relative > 1e-2


def test_a_difference_in_the_newest_4_s_alone_is_noticed(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    class Off:
        def scores(self, job: Job) -> Scores:
            said = engine_of(bundle).scores(job)
            return said._replace(paq=said.paq + np.array([[0.0], [0.5]], dtype=np.float32))

    monkeypatch.setattr("model_export.parity.engine_of", lambda _: Off())
    worst = largest_deviation(random_network(), bundle, [next(extreme_windows(bundle))])
    assert worst.relative > 0.01 and (worst.output, worst.window) == ("paq", "silence, newest 4 s")


def test_the_bundle_of_the_reference_model_gives_the_expected_outputs(shared: Path, tmp_path: Path) -> None:
    scaling = json.loads((shared / "reference_clip" / "normalization.json").read_text())
    network = load_published(shared / "reference_model" / "state_dict.npz", "SoundEQnet")
    bundle = write_bundle(network, "SoundEQnet", scaling, tmp_path)
    expected = np.load(shared / "reference_model" / "expected.npz")
    inputs = {
        "noise_10s": [(expected["noise_10s/log_mel"][i], expected["noise_10s/loudness"][i, :, 0]) for i in (0, 1)]
    }
    clip = [np.load(shared / "reference_clip" / f"{CLIP}.{kind}.npy") for kind in ("log_mel", "loudness")]
    scaled = [
        (values - scaling[kind]["mean"]) / scaling[kind]["std"]
        for kind, values in zip(("log_mel", "loudness"), clip, strict=True)
    ]
    inputs["clip"] = [(scaled[0], scaled[1][:, 0])]
    engine = engine_of(bundle)
    for case, rows in inputs.items():
        got = [engine.scores(window(mel, loudness, stream=i)) for i, (mel, loudness) in enumerate(rows, len(case))]
        for head in ("scene", "event", "ISOP", "ISOE", *PAQ):
            wanted = expected[f"{case}/out/{head}"]
            if head in PAQ:
                ours = np.array([[one.paq[0, PAQ.index(head)]] for one in got])
            else:
                ours = np.array([np.atleast_1d(getattr(one, head.lower())[0]) for one in got])
            assert np.abs(ours - wanted).max() <= 1e-4 * np.abs(wanted).max(), (case, head)


@pytest.mark.parametrize("name", ["AD_CNN", "Baseline_CNN", "Hierarchical_CNN"])
def test_authors_weights_are_imported_and_run_at_once(shared: Path, tmp_path: Path, name: str) -> None:
    weights = shared / "published" / f"{name.lower()}.npz"
    code, said = run("import", weights, "--out", tmp_path / "bundle")  # scaled as the bundle that ships
    assert code == 0 and said.startswith(f"{name.lower()}-")
    bundle = Bundle.load(tmp_path / "bundle")
    assert (bundle.thresholds.active[0], bundle.thresholds.fallback) == (0.4, (0.3, 0.2))
    mel, loudness = (np.load(shared / "reference_clip" / f"{CLIP}.{kind}.npy") for kind in ("log_mel", "loudness"))
    last = along(Predictor(bundle, 10.0), mel, loudness[:, 0])[-1]
    expected = json.loads((shared / "published" / "expected_reference_clip.json").read_text())[name]
    np.testing.assert_allclose(last.scene_prob, list(expected["scene_prob"].values()), atol=1e-4)
    np.testing.assert_allclose(last.event_prob, list(expected["event_prob"].values()), atol=1e-4)
    np.testing.assert_allclose(last.paq, list(expected["paq"].values()), atol=1e-4)
    assert last.isop == pytest.approx(expected["ISOP"], abs=1e-4)
    assert not last.partial


@pytest.mark.parametrize("name", ["MobileNetV2", "YAMNet", "CNN_Transformer"])
def test_every_sibling_exports_and_predicts(tmp_path: Path, name: str) -> None:
    state = {original_key(name, key): value for key, value in random_network(name).state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "authors.pth")
    (tmp_path / "scale.json").write_text(json.dumps(NORMALISATION))
    out = tmp_path / "bundle"
    code, said = run("import", tmp_path / "authors.pth", "--out", out, "--normalisation", tmp_path / "scale.json")
    assert code == 0, said
    mel, loudness = frames(6)
    for one in along(Predictor(Bundle.load(out)), mel, loudness):
        assert np.isfinite(one.event_prob).all() and one.model_id.startswith(name.lower())


def test_a_checkpoint_of_this_project_is_exported_with_its_fields(tmp_path: Path, bundle: Bundle) -> None:
    fields = {"calibration": {"scene_temperature": 1.5}, "licence": "Apache-2.0", "training": {"clips": 3}}
    Checkpoint("SoundEQnet", random_network().state_dict(), NORMALISATION, {"bundle": fields, "step": 9}).save(
        tmp_path / "last.pt"
    )
    code, said = run("export", "--checkpoint", tmp_path / "last.pt", "--out", tmp_path / "bundle")
    assert code == 0, said
    exported = Bundle.load(tmp_path / "bundle")
    assert exported.calibration.scene_temperature == 1.5
    assert exported.metadata["training"] == {"clips": 3}
    assert exported.manifest.files == bundle.manifest.files, "the same weights give the same graphs"
    assert exported.id != bundle.id


def test_amending_changes_the_outputs_and_the_id(tmp_path: Path, bundle: Bundle) -> None:
    import shutil

    folder = Path(shutil.copytree(bundle.folder, tmp_path / "bundle"))
    amended = amend(folder, {"calibration": {"event": {"scale": [0.0] * 15, "bias": [2.0] * 15}}})
    mel, loudness = frames(4)
    [one] = along(Predictor(amended), mel, loudness)
    np.testing.assert_allclose(one.event_prob, 1 / (1 + np.exp(-2.0)), atol=1e-9)
    assert one.model_id == amended.id != bundle.id
    with pytest.raises(ExportError, match=r"unknown fields for a bundle: labels"):
        amend(folder, {"labels": []})
    with pytest.raises(ExportError, match=r"short_off is above short_on"):
        amend(folder, {"thresholds": {"short_off": [0.9] * 15}})


def test_a_network_that_onnx_cannot_follow_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_export.bundles.LIMIT", -1.0)
    with pytest.raises(ExportError, match=r"differ by .* nothing was written"):
        write_bundle(build("AD_CNN"), "AD_CNN", NORMALISATION, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("command", ["import", "export"])
def test_wrong_files_are_told_in_one_sentence(tmp_path: Path, command: str) -> None:
    torch.save({"some.weight": torch.zeros(2)}, tmp_path / "wrong.pth")
    where = ["--checkpoint", tmp_path / "wrong.pth"] if command == "export" else [tmp_path / "wrong.pth"]
    code, said = run(command, *where, "--out", tmp_path / "bundle")
    assert code != 0
    assert "missing" in said and "some.weight" in said if command == "import" else "not a checkpoint" in said


def test_graphs_tell_nothing_of_the_machine_that_made_them(bundle: Bundle) -> None:
    for name in bundle.manifest.files:
        model = onnx.load(bundle.folder / name)
        assert [one.version for one in model.opset_import if one.domain == ""] == [18]
        assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
        assert str(Path.cwd()).encode() not in (bundle.folder / name).read_bytes()
    axes = {i.name: [d.dim_param for d in i.type.tensor_type.shape.dim] for i in model.graph.input}
    assert all(shape[0] for shape in axes.values()), "the head takes any number of windows"
