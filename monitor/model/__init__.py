"""The network on the node: the bundle (ONNX, labels, normalisation, provenance) and the incremental predictor."""
