"""The network on the node: the bundle (ONNX, labels, normalisation, provenance) and the incremental predictor."""

from monitor.model.bundle import SHIPPED, Bundle, BundleError
from monitor.model.collector import Job
from monitor.model.predictor import Predictor

__all__ = ["SHIPPED", "Bundle", "BundleError", "Job", "Predictor"]
