"""A model bundle: a folder of ONNX graphs and bundle.json, verified before anything runs."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from monitor.model.manifest import FORMAT, MANIFEST, Calibration, Manifest, Normalisation, Thresholds, Uncertainty
from monitor.types import FloatArray, readonly

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SHIPPED = Path(__file__).parent / "bundle"
"""The bundle that comes with the software."""


class BundleError(RuntimeError):
    """A bundle that cannot be used, said in one sentence."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle; sessions are made on demand."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path | None = None) -> "Bundle":
        """Read and verify a bundle, by default the one that ships.

        Raises BundleError where a file is missing or differs from its hash, or bundle.json is damaged, of another
        format, or was edited without being sealed again.
        """
        folder = SHIPPED if folder is None else folder
        manifest = _read_manifest(folder)
        for name, record in manifest.files.items():
            try:
                content = (folder / name).read_bytes()
            except OSError as error:
                raise BundleError(f"model bundle {folder}: {name} cannot be read ({error.strerror}).") from error
            if len(content) != record.bytes or hashlib.sha256(content).hexdigest() != record.sha256:
                raise BundleError(f"model bundle {folder}: {name} differs from its hash; install the bundle again.")
        return cls(folder=folder, manifest=manifest)

    @property
    def id(self) -> str:
        """Name and short content hash: published with every output."""
        return self.manifest.id

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """Labels by kind: scenes, events, paq."""
        return {"scenes": self.manifest.scenes, "events": self.manifest.events, "paq": self.manifest.paq}

    @property
    def normalisation(self) -> Normalisation:
        """Means and deviations of the two inputs."""
        return self.manifest.normalisation

    @property
    def calibration(self) -> Calibration:
        """From logits to probabilities."""
        return self.manifest.calibration

    @property
    def thresholds(self) -> Thresholds:
        """Probabilities at which events count."""
        return self.manifest.thresholds

    @property
    def active_from(self) -> dict[str, float]:
        """From which probability on each kind of event is taken to be heard in a window, by label."""
        return dict(zip(self.manifest.events, self.thresholds.active, strict=True))

    @property
    def uncertainty(self) -> Uncertainty:
        """Spread of listeners around the affect outputs."""
        return self.manifest.uncertainty

    @property
    def metadata(self) -> dict[str, Any]:
        """Provenance: network, version, precision, licence, training data and metrics."""
        return self.manifest.model_dump(
            mode="json", include={"id", "name", "version", "network", "precision", "licence", "training", "metrics"}
        )

    def scaling(self, kind: str) -> tuple[FloatArray, FloatArray]:
        """Mean and deviation of `log_mel` (64,) or `loudness` (1,)."""
        one = getattr(self.manifest.normalisation, kind)
        return readonly(np.array(one.mean, dtype=np.float64)), readonly(np.array(one.std, dtype=np.float64))

    def session(self, name: str) -> "InferenceSession":
        """Open a graph for one thread that never spins; raises BundleError if ONNX Runtime refuses it."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        try:
            return onnxruntime.InferenceSession(self.folder / name, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base class
            reason = str(error).splitlines()[0]
            raise BundleError(f"model bundle {self.folder}: ONNX Runtime refuses {name}: {reason}") from error


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"no model bundle at {folder}: {MANIFEST} is missing.") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"model bundle {folder}: {MANIFEST} cannot be read: {error}.") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise BundleError(f"model bundle {folder}: format {FORMAT} expected, {found} found; export the bundle again.")
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or MANIFEST
        raise BundleError(f"model bundle {folder}: {where}: {first['msg']}.") from error
    if manifest.sealed().id != manifest.id:
        raise BundleError(
            f"model bundle {folder}: {MANIFEST} was changed after it was sealed; "
            "make changes with `python -m model_export amend`."
        )
    return manifest
