"""Judge."""

from ._training_curves import TrainingCurveDisplay

__all__ = ["TrainingCurveDisplay"]
