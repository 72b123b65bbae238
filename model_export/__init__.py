"""From PyTorch checkpoints to verified ONNX bundles."""
