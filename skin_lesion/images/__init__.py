"""Read, clean and vary the pixels."""

from ._augmentation_display import AugmentationDisplay
from ._augmenter import ImageAugmenter
from ._border_cropper import BorderCropper
from ._color_constancy import ColorConstancy
from ._hair_lines import (  # noqa: F401  (for the audit)
    find_dark_lines,
    measure_thin_darkness,
    take_brightest_channel,
)
from ._hair_remover import HairRemover
from ._loader import ImageLoader

__all__ = [
    "AugmentationDisplay",
    "BorderCropper",
    "ColorConstancy",
    "HairRemover",
    "ImageAugmenter",
    "ImageLoader",
]
