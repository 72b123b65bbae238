"""A bundle read back says what it said, and can be exported again."""

from pathlib import Path

import pytest
from random_networks import NORMALISATION, random_network
from typer.testing import CliRunner

from model_export.__main__ import app
from model_export.bundles import ExportError, seal, write_bundle
from model_export.parity import extreme_windows, largest_deviation
from model_export.restore import restore
from monitor.model import Bundle
from training.networks import Checkpoint
from training.normalization import Normalization


def test_a_network_read_back_says_what_its_bundle_says(bundle: Bundle) -> None:
    assert largest_deviation(restore(bundle), bundle, extreme_windows(bundle)).relative < 1e-4


def test_the_shipped_bundle_becomes_a_checkpoint_to_train_on_from(tmp_path: Path) -> None:
    shipped = Bundle.load(None)
    result = CliRunner().invoke(app, ["checkpoint", str(shipped.folder), "--out", str(tmp_path / "start.pt")])
    assert result.exit_code == 0 and shipped.id in result.output
    held = Checkpoint.load(tmp_path / "start.pt")
    assert Normalization.from_dict(held.normalisation).as_dict()["source"] == "published"
    assert held.more["bundle"]["thresholds"]["active"] == list(shipped.thresholds.active)
    network = held.module()
    assert largest_deviation(network, shipped, extreme_windows(shipped)).relative < 1e-4


def test_the_bundle_of_a_sibling_is_refused(tmp_path: Path) -> None:
    sibling = write_bundle(random_network("AD_CNN"), "AD_CNN", NORMALISATION, tmp_path)
    with pytest.raises(ExportError, match="only bundles of SoundEQnet"):
        restore(sibling)


def test_a_bundle_of_less_precision_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    content = bundle.manifest.model_dump(mode="json", exclude={"id", "files"}) | {"precision": "float16"}
    with pytest.raises(ExportError, match="in float32"):
        restore(seal(bundle.folder, tmp_path, content))
