"""Find contents that several rows share."""

import pandas as pd

from .describe_rows import describe_rows


def find_exact_duplicates(rows):
    """Return a line for each content that several rows share."""
    copies = rows[rows["content"].duplicated(keep=False)]
    found = [
        {"sha256": of_content["sha256"].iloc[0], **describe_rows(of_content)}
        for _, of_content in copies.groupby("content")
    ]
    columns = ["sha256", "n_images", "labels", "splits", "rows", "paths"]
    return pd.DataFrame(found, columns=columns)
