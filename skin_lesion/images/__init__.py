"""Read, clean and vary the pixels."""

from ._augmentation_display import AugmentationDisplay
from ._augmenter import ImageAugmenter
from ._border_cropper import BorderCropper
from ._color_constancy import ColorConstancy
from ._drawn_artefacts import (  # noqa: F401 - offered to other rooms, not to users
    bend_lines,
    cover,
    darken_corners,
    draw_hair,
    draw_lines,
    draw_ruler,
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
