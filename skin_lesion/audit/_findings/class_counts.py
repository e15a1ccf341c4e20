"""Count the images of each class."""

import pandas as pd

from ...datasets import SPLITS


def count_classes(rows):
    """Count the images, readable contents, groups, and images in each split, by class."""
    by_label = rows.groupby("label")
    counts = pd.DataFrame({"images": by_label.size(), "contents": by_label["sha256"].nunique()})
    if rows["group"].notna().any():
        counts["groups"] = by_label["group"].nunique()
    by_split = pd.crosstab(rows["label"], rows["split"])
    counts = counts.join(by_split[[name for name in SPLITS if name in by_split]])
    return counts.rename_axis("class")
