"""Smaller forms of a bundle load, run and stay close."""

from pathlib import Path

import onnx
from random_networks import along, frames

from model_export.bundles import seal
from model_export.variants import Row, halve, table
from monitor.model import Bundle, Predictor


def test_float16_is_half_the_size_and_gives_nearly_the_same(bundle: Bundle, tmp_path: Path) -> None:
    for name in bundle.manifest.files:
        (tmp_path / name).write_bytes(halve(onnx.load(bundle.folder / name)).SerializeToString())
    content = bundle.manifest.model_dump(mode="json", exclude={"id", "files"}) | {"precision": "float16"}
    half = seal(tmp_path, tmp_path / "bundle", content)
    sizes = [sum(record.bytes for record in one.manifest.files.values()) for one in (half, bundle)]
    assert sizes[0] < 0.52 * sizes[1]
    assert half.metadata["precision"] == "float16"
    mel, loudness = frames(4)
    [a], [b] = (along(Predictor(one), mel, loudness) for one in (half, bundle))
    assert 0 < abs(a.event_prob - b.event_prob).max() < 0.02


def test_the_table_has_a_row_for_each_variant() -> None:
    rows = [Row("float32", 11.0, 36.0, 0, 0, 0, 0), Row("float16", 5.5, 36.0, 6e-5, 6e-4, 1e-4, 9e-4)]
    assert table(rows).count("\n") == 3
