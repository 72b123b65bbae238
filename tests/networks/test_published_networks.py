"""The networks are the published ones: parameter counts, and outputs on the reference inputs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from monitor.types import PAQ
from training.networks import CheckpointError, Outputs, build, count_parameters, load_published, recognise
from training.networks.published import original_key

CLIP = "fold_1_participant_00056_stimulus_13"
PARAMETERS = {
    "SoundEQnet": 2_701_812,
    "AD_CNN": 521_472,
    "Baseline_CNN": 1_009_900,
    "Hierarchical_CNN": 1_009_633,
    "MobileNetV2": 2_259_164,
    "YAMNet": 3_235_100,
    "CNN_Transformer": 12_293_996,
    "PANNs": 79_731_036,
}
SIBLINGS = ("AD_CNN", "Baseline_CNN", "Hierarchical_CNN")


@pytest.fixture(scope="module")
def clip(shared: Path) -> tuple[Tensor, Tensor]:
    """Normalised log-mel (1, 3001, 64) and loudness (1, 15000, 1) of the published clip."""
    folder = shared / "reference_clip"
    scale = json.loads((folder / "normalization.json").read_text())
    inputs = []
    for kind in ("log_mel", "loudness"):
        values = (np.load(folder / f"{CLIP}.{kind}.npy") - scale[kind]["mean"]) / scale[kind]["std"]
        inputs.append(torch.tensor(values, dtype=torch.float32)[None])
    return inputs[0], inputs[1]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_count_is_the_published_one(name: str) -> None:
    assert count_parameters(build(name)) == PARAMETERS[name]


@pytest.mark.parametrize("case", ["clip", "noise_10s"])
def test_soundeqnet_gives_the_outputs_of_the_original(shared: Path, clip: tuple[Tensor, Tensor], case: str) -> None:
    network = load_published(shared / "reference_model" / "state_dict.npz", "SoundEQnet")
    expected = np.load(shared / "reference_model" / "expected.npz")
    if case != "clip":
        clip = torch.from_numpy(expected[f"{case}/log_mel"]), torch.from_numpy(expected[f"{case}/loudness"])
    with torch.no_grad():
        got: Outputs = network(*clip)
    columns = {"scene": got.scene, "event": got.event, "ISOP": got.isop[:, None], "ISOE": got.isoe[:, None]}
    columns |= {quality: got.paq[:, i : i + 1] for i, quality in enumerate(PAQ)}
    for head, value in columns.items():
        wanted = expected[f"{case}/out/{head}"]
        assert np.abs(value.numpy() - wanted).max() <= 1e-5 * np.abs(wanted).max(), head


@pytest.mark.parametrize("name", SIBLINGS)
def test_sibling_gives_its_published_outputs(shared: Path, clip: tuple[Tensor, Tensor], name: str) -> None:
    network = load_published(shared / "published" / f"{name.lower()}.npz", name)
    expected = json.loads((shared / "published" / "expected_reference_clip.json").read_text())[name]
    with torch.no_grad():
        got: Outputs = network(*clip)
    assert expected["parameters"] == PARAMETERS[name]
    np.testing.assert_allclose(torch.softmax(got.scene[0], 0), list(expected["scene_prob"].values()), atol=1e-4)
    np.testing.assert_allclose(torch.sigmoid(got.event[0]), list(expected["event_prob"].values()), atol=1e-4)
    np.testing.assert_allclose(got.paq[0], list(expected["paq"].values()), atol=1e-4)
    assert got.isop.item() == pytest.approx(expected["ISOP"], abs=1e-4)
    assert got.isoe.item() == pytest.approx(expected["ISOE"], abs=1e-4)


def test_weights_of_another_network_are_refused_by_name_of_key(shared: Path) -> None:
    with pytest.raises(CheckpointError, match=r"not the weights of SoundEQnet; missing: .*conv_block1.*unexpected: "):
        load_published(shared / "published" / "baseline_cnn.npz", "SoundEQnet")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.pth"
    wrong.write_text("not weights")
    with pytest.raises(CheckpointError, match=r"notes\.pth"):
        load_published(wrong, "SoundEQnet")


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "PANNs"])
def test_original_key_names_lead_back_to_the_same_network(name: str) -> None:
    network = build(name).eval()
    state = {original_key(name, key): value for key, value in network.state_dict().items()}
    assert recognise(state) == name
    again = load_published(state, name)
    log_mel, loudness = torch.randn(1, 3001, 64), torch.randn(1, 15000, 1)
    with torch.no_grad():
        for one, other in zip(network(log_mel, loudness), again(log_mel, loudness), strict=True):
            assert torch.equal(one, other)


def test_a_state_dict_may_be_nested_and_come_from_several_gpus(tmp_path: Path) -> None:
    network = build("AD_CNN")
    state = {f"module.{original_key('AD_CNN', key)}": value for key, value in network.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "ad.pth")
    loaded = load_published(tmp_path / "ad.pth", "AD_CNN")
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), loaded.parameters(), strict=True))


def test_a_pickle_that_would_run_code_is_not_opened(tmp_path: Path) -> None:
    torch.save(build("AD_CNN"), tmp_path / "whole_module.pth")
    with pytest.raises(CheckpointError, match=r"whole_module\.pth: holds more than weights"):
        load_published(tmp_path / "whole_module.pth", "AD_CNN")


def test_tensors_of_a_wrong_shape_are_named(tmp_path: Path) -> None:
    state = {original_key("AD_CNN", key): value for key, value in build("AD_CNN").state_dict().items()}
    state["conv3.weight"] = torch.zeros(3)
    with pytest.raises(CheckpointError, match=r"conv3\.weight: \(32, 16, 7, 7\) expected, \(3,\) found"):
        load_published(state, "AD_CNN")
