"""What is wrong between rows: copies, contradictions and leaks.

Each finding is a line of a DataFrame; the rows that it concerns stand in it as tuples.
"""

import pandas as pd

from ..._utils.linked_groups import link_groups

SPLITS = ("train", "val", "test")  # in the order in which a leak goes


def find_exact_duplicates(rows):
    """Return a line for each content that several rows have."""
    copies = rows[rows["content"].duplicated(keep=False)]
    found = [
        {"sha256": of_content["sha256"].iloc[0], **_describe_rows(of_content)}
        for _, of_content in copies.groupby("content")
    ]
    columns = ["sha256", "n_images", "labels", "splits", "rows", "paths"]
    return pd.DataFrame(found, columns=columns)


def find_conflicts(copies):
    """Return the exact duplicates of several labels."""
    return copies[copies["labels"].map(len) > 1].reset_index(drop=True)


def describe_pairs(rows, pairs, representatives):
    """Return a line for each pair of contents that show one photograph.

    Parameters
    ----------
    rows : DataFrame

    pairs : DataFrame
        Places in `representatives`, distance and transform.

    representatives : ndarray of int
        The first row of each content that was compared.
    """
    found = pd.DataFrame(index=pairs.index)
    for end, prefix in (("first", ""), ("second", "other_")):
        chosen = representatives[pairs[end]]
        found[f"{prefix}row"] = chosen
        for column in ("path", "label", "split", "group"):
            found[f"{prefix}{column}"] = rows[column].to_numpy()[chosen]
    found["distance"] = pairs["distance"].astype(float)
    found["transform"] = pairs["transform"]
    return found


def number_photographs(rows, near_duplicates):
    """Return a number for each row; rows of equal content or linked as near duplicates share it."""
    return link_groups(
        rows["content"].to_numpy(),
        near_duplicates["row"].to_numpy(dtype=int),
        near_duplicates["other_row"].to_numpy(dtype=int),
    )


def find_group_conflicts(rows, has_groups):
    """Return a line for each group of several labels, and for each content of several groups."""
    found = []
    if has_groups:
        for kind, by, other in (
            ("labels of one group", "group", "label"),
            ("groups of one content", "content", "group"),
        ):
            n_others = rows.groupby(by)[other].nunique()
            for value in n_others.index[n_others > 1]:
                concerned = rows[rows[by] == value]
                found.append(
                    {
                        "kind": kind,
                        "groups": tuple(sorted(set(concerned["group"]), key=str)),
                        **_describe_rows(concerned),
                    }
                )
    columns = ["kind", "groups", "n_images", "labels", "splits", "rows", "paths"]
    return pd.DataFrame(found, columns=columns)


def find_split_leaks(rows, photographs, has_groups):
    """Return a line for each row that has a counterpart in an earlier split, and for each reason.

    Parameters
    ----------
    rows : DataFrame

    photographs : ndarray of shape (n,), of int
        What :func:`number_photographs` returned.

    has_groups : bool
    """
    rows = rows.assign(photograph=photographs)
    reasons = [("content", "content"), ("near duplicate", "photograph")]
    reasons += [("group", "group")] if has_groups else []
    found = []
    for kind, column in reasons:
        for place, later in enumerate(SPLITS):
            for earlier in SPLITS[:place]:
                found += _find_leaks_between(rows, kind, column, earlier, later)
    columns = ["kind", "split", "row", "path", "label"]
    columns += ["other_split", "other_labels", "other_rows", "other_paths"]
    return pd.DataFrame(found, columns=columns)


def count_classes(rows):
    """Return the number of images, contents, groups and images of each split, by class."""
    by_label = rows.groupby("label")
    counts = pd.DataFrame({"images": by_label.size(), "contents": by_label["content"].nunique()})
    if rows["group"].notna().any():
        counts["groups"] = by_label["group"].nunique()
    by_split = pd.crosstab(rows["label"], rows["split"])
    counts = counts.join(by_split[[name for name in SPLITS if name in by_split]])
    return counts.rename_axis("class")


def _find_leaks_between(rows, kind, column, earlier, later):
    sides = [rows[rows["split"] == name] for name in (earlier, later)]
    counterparts = dict(list(sides[0][sides[0][column].isin(sides[1][column])].groupby(column)))
    for row in sides[1].itertuples():
        others = counterparts.get(getattr(row, column))
        if others is not None and kind == "near duplicate":
            # Equal content was said already.
            others = others[others["content"] != row.content]
        if others is not None and len(others):
            yield {
                "kind": kind,
                "split": later,
                "row": row.Index,
                "path": row.path,
                "label": row.label,
                "other_split": earlier,
                "other_labels": _distinct(others["label"]),
                "other_rows": tuple(others.index.tolist()),
                "other_paths": tuple(others["path"]),
            }


def _describe_rows(rows):
    return {
        "n_images": len(rows),
        "labels": _distinct(rows["label"]),
        "splits": _distinct(rows["split"]),
        "rows": tuple(rows.index.tolist()),
        "paths": tuple(rows["path"]),
    }


def _distinct(values):
    return tuple(sorted(values.dropna().unique(), key=str))
