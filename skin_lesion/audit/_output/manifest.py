"""Write down which image is on which side of a split, and check it later."""

import os

import pandas as pd

_COLUMNS = ["id", "sha256", "label", "split", "group"]
_N_NAMED = 3


def make_manifest(rows):
    """Return a manifest, with a line for each row, in the order of the rows."""
    manifest = pd.DataFrame(
        {
            # Paths differ from one computer to the next: without an ISIC id, use the file name.
            "id": [
                isic_id or os.path.basename(path)
                for isic_id, path in zip(rows["isic_id"], rows["path"], strict=True)
            ],
        }
    )
    # An unreadable image has no content, and other columns may not have been given.
    for column in _COLUMNS[1:]:
        values = rows[column]
        manifest[column] = values.astype(str).where(values.notna(), "").to_numpy(dtype=object)
    # Names that are not valid Unicode, in the form in which they will be read again.
    return manifest[_COLUMNS].apply(
        lambda column: [text.encode(errors="backslashreplace").decode() for text in column]
    )


def read_manifest(path):
    """Return a manifest that :func:`make_manifest` wrote.

    Raises
    ------
    ValueError
        If the file is not a manifest.
    """
    try:
        manifest = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:
        raise ValueError(
            f"{os.fspath(path)!r} cannot be read: {error} Expected a manifest that to_manifest"
            " wrote."
        ) from error
    missing = [name for name in _COLUMNS if name not in manifest]
    if missing:
        raise ValueError(
            f"{os.fspath(path)!r} has the columns {list(manifest.columns)}. Expected a manifest"
            f" that to_manifest wrote, with the columns {_COLUMNS}."
        )
    return manifest[_COLUMNS]


def match_manifest(rows, manifest, path):
    """Return the split that a manifest gives to each row.

    Rows are matched by id, content, label, group and split, in any order. Labels, groups or splits
    are not compared if one side has none in any line.

    Raises
    ------
    ValueError
        If an image is missing on either side, or differs. The message counts such images and names
        examples.
    """
    found = make_manifest(rows)
    key = ["id", "sha256"]
    key += [
        name
        for name in ("label", "group", "split")
        if (found[name] != "").any() and (manifest[name] != "").any()
    ]
    sides = [
        # A row that is listed twice is matched twice.
        side.assign(occurrence=side.groupby(key).cumcount())
        for side in (found, manifest)
    ]
    matched = sides[0].merge(
        sides[1], on=[*key, "occurrence"], how="outer", suffixes=("", "_stated"), indicator="side"
    )
    problems = []
    for side, what in (
        ("left_only", "of the images are not in the manifest, or differ from it"),
        ("right_only", "lines of the manifest match none of the images"),
    ):
        ids = matched.loc[matched["side"] == side, "id"].tolist()
        if ids:
            named = ", ".join(ids[:_N_NAMED]) + (", ..." if len(ids) > _N_NAMED else "")
            problems.append(f"{len(ids)} {what}: {named}.")
    if problems:
        raise ValueError(
            f"{os.fspath(path)!r} does not describe these images. {' '.join(problems)} The columns"
            f" {', '.join(key)} were compared. Use the release that the manifest was written for,"
            " or pass the same labels, groups and split."
        )
    in_order = sides[0].merge(sides[1], on=[*key, "occurrence"], suffixes=("", "_stated"))
    return in_order["split" if "split" in key else "split_stated"].to_numpy(dtype=str)
