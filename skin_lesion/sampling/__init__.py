"""Balance the classes."""

from ._augmenting_over_sampler import AugmentingOverSampler
from ._image_sampler import ImageSampler

__all__ = ["AugmentingOverSampler", "ImageSampler"]
