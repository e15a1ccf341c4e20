"""Read, clean and augment images."""

from ._augmentation.augmenter import ImageAugmenter
from ._augmentation.display import AugmentationDisplay
from ._augmentation.paint_artefacts import (
    bend_lines,
    cover,
    darken_corners,
    direction,
    draw_hair,
    draw_lines,
    draw_ruler,
)
from ._cleaning.border_cropper import BorderCropper
from ._cleaning.color_constancy import ColorConstancy
from ._cleaning.hair_lines import find_dark_lines, measure_thin_darkness, take_brightest_channel
from ._cleaning.hair_remover import HairRemover
from ._loading.cache import describe_pixels
from ._loading.decode import (
    UnreadableImageError,
    decode_image,
    failures_explained,
    read_content,
)
from ._loading.loader import ImageLoader
from ._loading.preprocessing import Preprocessing, flatten_steps
from ._loading.store import ByteStore, identify
from ._transformer import ImageTransformer

__all__ = [
    "AugmentationDisplay",
    "BorderCropper",
    "ColorConstancy",
    "HairRemover",
    "ImageAugmenter",
    "ImageLoader",
]
