"""Export classifiers to ONNX, and run the exported files."""
