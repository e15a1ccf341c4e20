"""Export classifiers to ONNX, and run what was exported."""
