"""Read, clean and vary the pixels."""

from ._augmenter import ImageAugmenter
from ._loader import ImageLoader

__all__ = ["ImageAugmenter", "ImageLoader"]
