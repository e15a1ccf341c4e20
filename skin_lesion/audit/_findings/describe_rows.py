"""Describe the rows that a finding concerns in one line of its table."""


def describe_rows(rows):
    """Return the number, labels, splits, row numbers and paths of some rows."""
    return {
        "n_images": len(rows),
        "labels": distinct(rows["label"]),
        "splits": distinct(rows["split"]),
        "rows": tuple(rows.index.tolist()),
        "paths": tuple(rows["path"]),
    }


def distinct(values):
    """Return the distinct values that are not missing, sorted, as a tuple."""
    return tuple(sorted(values.dropna().unique(), key=str))
