"""Load images, labels and groups, and split them."""

from ._drawn.make import make_lesion_images
from ._drawn.write import write_lesion_folder
from ._folder.load import load_image_folder
from ._folder.metadata import ID_COLUMNS
from ._folder.reports import is_report
from ._isic.formats import HARMONISED, LABEL_COLUMNS
from ._isic.ids import isic_id_of
from ._isic.load import load_isic_release
from ._public.load import load_public_dataset
from ._reading.folder_entries import walk_files
from ._reading.groups import (
    GROUP_COLUMNS,
    OWN_GROUP,
    clean_ids,
    find_group_faults,
    find_zeros,
    make_groups,
    spell_groups,
)
from ._reading.harmonise import read_age
from ._reading.one_hot import read_one_hot
from ._reading.spellings import find_spellings_of_ids
from ._reading.split_names import SPLIT_NAMES, SPLITS
from ._reading.table_file import (
    WHOLE,
    check_columns_differ,
    clean_values,
    drop_unnamed,
    read_header,
    read_table,
)
from ._split import train_test_split_by_group
from ._table.find_images import split_image_path
from ._table.load import load_image_table
from ._taxonomy.map_labels import map_labels

__all__ = [
    "load_image_folder",
    "load_image_table",
    "load_isic_release",
    "load_public_dataset",
    "make_lesion_images",
    "map_labels",
    "train_test_split_by_group",
    "write_lesion_folder",
]
