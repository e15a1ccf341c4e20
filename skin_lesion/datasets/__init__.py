"""Find images, labels and groups, and split them."""

from ._drawn import make_lesion_images
from ._folder import load_image_folder
from ._isic_release import load_isic_release
from ._split import train_test_split_by_group
from ._taxonomy import map_labels
from ._write import write_lesion_folder

__all__ = [
    "load_image_folder",
    "load_isic_release",
    "make_lesion_images",
    "map_labels",
    "train_test_split_by_group",
    "write_lesion_folder",
]
