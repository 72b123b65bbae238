"""A bundle is used only as it was sealed; anything else is one clear sentence."""

import json
import shutil
from pathlib import Path

import pytest

from monitor.model import SHIPPED, Bundle, BundleError
from monitor.types import EVENTS, PAQ, SCENES


@pytest.fixture
def copy(bundle: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle.folder, tmp_path / "bundle"))


def test_a_bundle_says_what_it_is(bundle: Bundle) -> None:
    assert bundle.id.startswith("soundeqnet-")
    assert bundle.labels == {"scenes": SCENES, "events": EVENTS, "paq": PAQ}
    assert bundle.active_from == dict.fromkeys(EVENTS, 0.4)
    assert bundle.thresholds.fallback == (0.3, 0.2)
    assert len(bundle.uncertainty.paq) == 8
    assert bundle.metadata["network"] == "SoundEQnet"


def test_the_weights_are_stored_once(bundle: Bundle) -> None:
    size = sum((bundle.folder / name).stat().st_size for name in bundle.manifest.files)
    assert 4 * 2_690_000 < size < 4 * 2_701_812 + 350_000


def test_a_changed_graph_is_refused(copy: Path) -> None:
    data = bytearray((copy / "head.onnx").read_bytes())
    data[1000] ^= 1
    (copy / "head.onnx").write_bytes(data)
    with pytest.raises(BundleError, match=r"head\.onnx differs from its hash"):
        Bundle.load(copy)


def test_a_missing_graph_is_refused(copy: Path) -> None:
    (copy / "trunk.onnx").unlink()
    with pytest.raises(BundleError, match=r"trunk\.onnx cannot be read"):
        Bundle.load(copy)


def test_an_edited_manifest_is_refused(copy: Path) -> None:
    content = json.loads((copy / "bundle.json").read_text())
    content["calibration"]["scene_temperature"] = 2.0
    (copy / "bundle.json").write_text(json.dumps(content))
    with pytest.raises(BundleError, match=r"changed after it was sealed"):
        Bundle.load(copy)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, r"format 1 expected, 2 found"),
        ({"scenes": ["a", "b", "c"]}, r"scenes differ"),
        ({"window_s": 10.0}, r"window_s: 30.0 expected"),
        ({"surprise": 1}, r"surprise"),
        ({"normalisation": {}}, r"normalisation\.log_mel"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(copy: Path, change: dict, sentence: str) -> None:
    content = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps(content | change))
    with pytest.raises(BundleError, match=sentence):
        Bundle.load(copy)


def test_no_bundle_and_a_broken_one_are_told_apart(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no model bundle at"):
        Bundle.load(tmp_path / "nowhere")
    (copy / "bundle.json").write_text("{")
    with pytest.raises(BundleError, match=r"cannot be read"):
        Bundle.load(copy)


def test_the_shipped_bundle_is_whole_and_small() -> None:
    if not (SHIPPED / "bundle.json").is_file():
        pytest.skip("no weights ship with this revision")
    shipped = Bundle.load()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 12e6
    assert shipped.metadata["training"], "the bundle says where its weights come from"
    assert b"/home/" not in (SHIPPED / "bundle.json").read_bytes()
