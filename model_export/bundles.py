"""Writing bundles: graphs from a network, and a sealed bundle.json beside them."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import nn

from model_export.onnx_files import write_incremental, write_window
from model_export.parity import LIMIT, extreme_windows, largest_deviation
from monitor.model.bundle import SHIPPED, Bundle
from monitor.model.manifest import GRAPHS, MANIFEST, FileRecord, Manifest
from training.networks.soundeqnet import SoundEQnet

AMENDABLE = ("name", "version", "calibration", "thresholds", "uncertainty", "training", "metrics", "licence")
"""Fields of the manifest that can be changed without new graphs."""


class ExportError(ValueError):
    """A bundle that cannot be written as asked, said in one sentence."""


def write_bundle(
    network: nn.Module,
    name: str,
    normalisation: Mapping[str, Any],
    folder: Path,
    fields: Mapping[str, Any] | None = None,
) -> Bundle:
    """Export network `name`, compare it with torch, and write a bundle to `folder`, replacing what is there.

    fields: any of AMENDABLE, as in bundle.json.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if isinstance(network, SoundEQnet):
            write_incremental(network, Path(scratch))
        else:
            write_window(network, Path(scratch))
        content = {
            "name": name.lower(),
            "network": name,
            "engine": "incremental" if isinstance(network, SoundEQnet) else "window",
            "normalisation": dict(normalisation),
        }
        checked = seal(Path(scratch), Path(scratch) / "sealed", content | _amendable(fields or {}))
        worst = largest_deviation(network, checked, extreme_windows(checked))
        if not worst.relative <= LIMIT:
            raise ExportError(
                f"ONNX Runtime and torch differ by {worst.relative:.1e} ({worst.output}, {worst.window}), "
                f"{LIMIT:.0e} is allowed: nothing was written."
            )
        return seal(Path(scratch), folder, content | _amendable(fields or {}))


def seal(graphs: Path, folder: Path, content: Mapping[str, Any]) -> Bundle:
    """Copy the graphs of `content["engine"]` to `folder` and write its bundle.json, with hashes and id."""
    names = GRAPHS[content["engine"]]
    data = {name: (graphs / name).read_bytes() for name in names}
    records = {
        name: FileRecord(sha256=hashlib.sha256(one).hexdigest(), bytes=len(one)).model_dump()
        for name, one in data.items()
    }
    manifest = _manifest({**content, "files": records})
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set().union(*GRAPHS.values()) - set(names):
        (folder / stale).unlink(missing_ok=True)
    for name, one in data.items():
        (folder / name).write_bytes(one)
    _write(manifest, folder)
    return Bundle.load(folder)


def amend(folder: Path, fields: Mapping[str, Any]) -> Bundle:
    """Change fields of a bundle (AMENDABLE; tables are merged) and seal it again under its new id."""
    content = Bundle.load(folder).manifest.model_dump(mode="json")
    for key, value in _amendable(fields).items():
        merge = isinstance(value, Mapping) and isinstance(content.get(key), dict)
        content[key] = content[key] | value if merge else value
    _write(_manifest(content), folder)
    return Bundle.load(folder)


def published_scaling(path: Path | None) -> dict[str, Any]:
    """How the authors scaled their network's input: from a JSON file, else as the shipped bundle has it."""
    if path is not None:
        return {**{key: read_fields(path).get(key) for key in ("log_mel", "loudness")}, "source": "published"}
    shipped = Bundle.load().normalisation if (SHIPPED / MANIFEST).is_file() else None
    if shipped is None or shipped.source != "published":
        raise ExportError(
            "published weights need the authors' input scaling: give --normalisation, a JSON file with "
            '{"log_mel": {"mean": [64 numbers], "std": [64]}, "loudness": {"mean": [1], "std": [1]}}.'
        )
    return shipped.model_dump(mode="json")


def read_fields(path: Path) -> dict[str, Any]:
    """An object from a JSON file; raises ExportError."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{path}: not a readable JSON file: {error}.") from error
    if not isinstance(fields, dict):
        raise ExportError(f"{path}: a JSON object expected, {type(fields).__name__} found.")
    return fields


def _amendable(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - set(AMENDABLE)
    if unknown:
        raise ExportError(
            f"unknown fields for a bundle: {', '.join(sorted(unknown))}; these can be set: {', '.join(AMENDABLE)}."
        )
    return dict(fields)


def _manifest(content: Mapping[str, Any]) -> Manifest:
    try:
        return Manifest.model_validate({**content, "id": ""}).sealed()
    except ValidationError as error:
        first = error.errors()[0]
        raise ExportError(f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}.") from error


def _write(manifest: Manifest, folder: Path) -> None:
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
