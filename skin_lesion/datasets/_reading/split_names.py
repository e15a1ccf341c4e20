"""The names of the splits in folders, files and parameters."""

import re

from ..._utils.validation.messages import did_you_mean, name_some

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
SPLITS = tuple(dict.fromkeys(SPLIT_NAMES.values()))  # leaks go from earlier to later splits


def split_in(text):
    """Return the split that a word in the name of a file or folder names, or None."""
    words = re.split(r"[^a-z]+", text.lower())
    return next((SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES), None)


def check_split(split, found, root):
    """Return the requested split, or raise a ValueError if it was not found."""
    name = SPLIT_NAMES.get(split.lower())
    if name not in found:
        found = sorted(found)
        raise ValueError(
            f"split is {split!r}, but the splits in {root!r} are {name_some(found)}. Expected one"
            f" of them, or None for all splits.{did_you_mean(split, found)}"
        )
    return name
