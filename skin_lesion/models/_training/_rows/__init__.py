"""The rows to train on and those to validate with."""
