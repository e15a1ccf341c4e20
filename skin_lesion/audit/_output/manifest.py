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

    Rows are matched by id, content, label, group and split, in any order. The id of an image in
    memory is only its row, and is not compared. Labels or groups are not compared if one side has
    none in any line. Splits are compared where both sides have one.

    Raises
    ------
    ValueError
        If an image is missing on either side, or differs. The message counts such images and names
        examples. Also if several lines match an image, and give it several splits.
    """
    found = make_manifest(rows)
    is_in_memory = rows["n_bytes"].isna() & rows["sha256"].notna()
    key = ["sha256"] if is_in_memory.all() else ["id", "sha256"]
    key += [
        name
        for name in ("label", "group")
        if (found[name] != "").any() and (manifest[name] != "").any()
    ]
    pairs = _pair(found, manifest, [*key, "split"])
    # A line of what the command left out has no split.
    others = _pair(found.drop(pairs["row"]), manifest.drop(pairs["line"]), key)
    is_open = others["row"].map(found["split"] == "") | others["line"].map(manifest["split"] == "")
    pairs = pd.concat([pairs, others[is_open]])
    problems = []
    for side, what in (
        (found.drop(pairs["row"]), "of the images are not in the manifest, or differ from it"),
        (manifest.drop(pairs["line"]), "lines of the manifest match none of the images"),
    ):
        if len(side):
            problems.append(f"{len(side)} {what}: {_name_some(side['id'])}.")
    if problems:
        raise ValueError(
            f"{os.fspath(path)!r} does not describe these images. {' '.join(problems)} The columns"
            f" {', '.join(key)}, and split where both have one, were compared. Use the release that"
            " the manifest was written for, or pass the same labels, groups and split."
        )
    pairs = pairs.sort_values("row")
    lines = manifest.loc[pairs["line"]].set_index(pairs["row"])
    _check_unambiguous(found, lines, key, path)
    return lines["split"].to_numpy(dtype=str)


def _check_unambiguous(found, lines, key, path):
    """Raise an error if rows agree in all that was compared, but their order decides the split."""
    matched = lines.join(found[["label", "group", "split"]].add_prefix("own_"))
    varies = matched.groupby([*key, "own_split"]).transform("nunique") > 1
    # Copies that agree in everything else may change places.
    is_open = varies["split"] & varies.drop(columns=["id", "split"], errors="ignore").any(axis=1)
    is_open &= found["sha256"] != ""  # files that cannot be read are no copies
    if is_open.any():
        arguments = {"label": "y", "group": "groups"}
        known = [name for name in arguments if name not in key and (lines[name] != "").any()]
        missing = [*(arguments[name] for name in known), "split"]
        raise ValueError(
            f"{os.fspath(path)!r} gives several splits to copies of one image. {is_open.sum()} of"
            f" the images are such copies: {_name_some(found['id'][is_open])}. Expected"
            f" {' or '.join(missing)}, as in the manifest, to tell them apart. Pass it to"
            " audit_dataset."
        )


def _name_some(ids):
    return ", ".join(ids[:_N_NAMED]) + (", ..." if len(ids) > _N_NAMED else "")


def _pair(found, manifest, key):
    """Return the rows and lines that agree in the key. A row listed twice is matched twice."""
    sides = [
        side.assign(occurrence=side.groupby(key).cumcount()).rename_axis(name).reset_index()
        for name, side in (("row", found), ("line", manifest))
    ]
    return sides[0].merge(sides[1], on=[*key, "occurrence"])[["row", "line"]]
