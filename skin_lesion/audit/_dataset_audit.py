"""What an audit found, and what to do about it."""

from pathlib import Path

import numpy as np
import pandas as pd

from .._utils.atomic_writing import write_csv, write_text
from .._utils.linked_groups import merge_groups
from .._utils.validation.messages import did_you_mean
from ..datasets import SPLITS, isic_id_of
from ._output.manifest import make_manifest, match_manifest, read_manifest
from ._output.page import render_audit
from ._output.summary import TITLES, summarise

_TABLES = (*TITLES, "class_counts", "shortcuts", "quality", "quality_by_class")


class DatasetAudit:
    """What :func:`audit_dataset` found in a dataset.

    Each finding is a line of a DataFrame. Where it concerns several rows of X, these stand in the
    column `rows` as a tuple, and their paths in `paths`; for images in memory "row 17" stands in
    for a path.

    Attributes
    ----------
    images : DataFrame of n rows
        What was looked at, in the order of X: `path`, `isic_id` (where the file name holds one),
        `label`, `split`, `group`, `sha256` (of the bytes of the file, or of the pixels of an
        image in memory), `n_bytes`, `height`, `width`.

    unreadable : DataFrame
        Files that do not exist, or are no image or a damaged one: `row`, `path`, `label`, `error`.

    exact_duplicates : DataFrame
        Contents that several rows have: `sha256`, `n_images`, `labels`, `splits`, `rows`, `paths`.

    label_conflicts : DataFrame
        Photographs that are filed under several labels, as exact or near duplicates, over any
        number of steps: `n_images`, `labels`, `splits`, `rows`, `paths`.

    near_duplicates : DataFrame
        Pairs of contents that show one photograph: `row`, `path`, `label`, `split` and `group` of
        the first row of either, the second as `other_row` etc.; `distance` (one minus the
        correlation, 0 is alike) and `transform`, what makes the second of the first.

    split_leaks : DataFrame
        Rows whose counterpart is in an earlier split, test after val after train: `kind`
        ("content", "near duplicate" or "group"), `split`, `row`, `path`, `label`, and the
        counterparts: `other_split`, `n_others`, `other_labels`, and of the first three
        `other_rows` and `other_paths`.

    group_conflicts : DataFrame
        Lesions of several labels (`lesion_id` of `frame`: a patient may have lesions of several
        classes), and photographs of several groups: `kind` ("labels of one lesion" or "groups of
        one photograph"), `groups`, `n_images`, `labels`, `splits`, `rows`, `paths`.

    suspected_labels : DataFrame
        Rows that confident learning takes for mislabelled, worst first: `row`, `path`, `label`,
        `suggested_label`, `self_confidence`, `suggested_confidence`.

    class_counts : DataFrame
        Images, distinct contents, groups and images of each split, by class.

    shortcuts : DataFrame
        How well each shortcut alone predicts the class: `balanced_accuracy` with a 95%
        interval `low` to `high`, and `chance`.

    quality : DataFrame of n rows
        Flags of each image, the measures behind them, and its colours.

    quality_by_class : DataFrame
        The share of the images of each class that has each flag.

    not_checked : dict of str to str
        Findings that were not looked for, and why.

    See Also
    --------
    audit_dataset : Makes it, with an example.
    """

    def __init__(self, images, tables, *, photographs, not_checked, source):
        self.images = images
        for name, table in tables.items():
            setattr(self, name, table)
        self.not_checked = not_checked
        self._photographs = photographs
        self._source = source

    @property
    def groups(self):
        """Groups merged over exact and near duplicates, for StratifiedGroupKFold.

        ndarray of shape (n,), of int. Rows that share a given group or show one photograph, over
        any number of steps, have the same number.
        """
        groups = self.images["group"]
        return merge_groups(groups if groups.notna().any() else None, self._photographs)

    def keep(self, policy):
        """Return which rows to keep.

        Parameters
        ----------
        policy : {"drop_conflicts", "first", "drop_leaks"}
            - "drop_conflicts" drops every row whose photograph has two labels, be it in a copy or
              in a near duplicate: which is right cannot be known from the images.
            - "first" keeps one row of each content, the first of its latest split (test after val
              after train), and drops conflicts, too.
            - "drop_leaks" drops the training rows, and validation rows, that have a counterpart in
              a later split, by content, near duplicate or group. It never drops a test row.

        Returns
        -------
        mask : ndarray of shape (n,), of bool
            Unreadable rows are never kept. Combine policies by `&`.

        Raises
        ------
        ValueError
            If the policy is unknown, or if "drop_leaks" is asked for where no split was given.
        """
        mask = np.ones(len(self.images), dtype=bool)
        mask[self.unreadable["row"]] = False
        if policy in ("drop_conflicts", "first"):
            for rows in self.label_conflicts["rows"]:
                mask[list(rows)] = False
            if policy == "first":
                for rows in self.exact_duplicates["rows"]:
                    # A training row that goes as a leak must not take its test row with it.
                    latest = max(rows, key=self._place_of_split)  # max keeps the first of equals
                    mask[[row for row in rows if row != latest]] = False
        elif policy == "drop_leaks":
            if "split_leaks" in self.not_checked:
                raise ValueError(
                    "policy is 'drop_leaks', but the audit knows no split. Expected one: pass"
                    " audit_dataset(..., split=...), or split with audit.groups instead."
                )
            place = self.images["split"].map(SPLITS.index)
            shared = [self._photographs]
            if self.images["group"].notna().any():
                shared.append(self.images["group"])
            for counterparts in shared:
                latest = place.groupby(counterparts).transform("max")
                mask &= (place == latest).to_numpy()
        else:
            known = ("drop_conflicts", "first", "drop_leaks")
            raise ValueError(
                f"policy is {policy!r}. Expected one of {list(known)}.{did_you_mean(policy, known)}"
            )
        return mask

    def _place_of_split(self, row):
        split = self.images["split"].iloc[row]
        return SPLITS.index(split) if split in SPLITS else -1

    def relabel(self, reference):
        """Return the labels, corrected by a table of trusted ones.

        Parameters
        ----------
        reference : dict, Series, or DataFrame of two columns
            The label of each ISIC id: keys, index or first column hold the ids. Ids of other images
            are ignored.

        Returns
        -------
        y : ndarray of shape (n,)
            Rows whose file name holds no id, or one that the reference lacks, keep their label.

        Raises
        ------
        ValueError
            If the reference holds none of the ids, or two labels for one of them.
        """
        trusted = _read_reference(reference)
        ids = self.images["isic_id"]
        is_known = ids.isin(trusted.index).to_numpy()
        if not is_known.any():
            raise ValueError(
                f"The reference holds {len(trusted)} ids, such as {list(trusted.index[:2])}, and"
                f" none of the {ids.notna().sum()} ISIC ids in the {len(ids)} file names. Expected"
                " labels by ISIC id, such as 'ISIC_0024306'."
            )
        y = self.images["label"].to_numpy(dtype=object, copy=True)
        y[is_known] = trusted[ids[is_known]].to_numpy()
        return np.array(y.tolist())

    def summary(self):
        """Print a page on what was found, and return None."""
        print(summarise(self))

    def __repr__(self):
        return (
            f"<DatasetAudit of {len(self.images)} images: "
            + ", ".join(
                f"{len(getattr(self, name))} {name}"
                for name in TITLES
                if name not in self.not_checked
            )
            + ">"
        )

    def _repr_html_(self):
        return render_audit(self, n_examples=3, is_whole=False)

    def to_html(self, path, *, n_examples=12):
        """Write a page with the pictures of each finding side by side.

        Parameters
        ----------
        path : str or os.PathLike
            Where to. Its folder must exist.

        n_examples : int, default=12
            How many of each finding to show; all are counted.

        Returns
        -------
        path : pathlib.Path
            The page holds its pictures, as small JPEGs, and links to nothing.
        """
        page = render_audit(self, n_examples=n_examples, is_whole=True)
        path = Path(path)
        write_text(path, page)
        return path

    def to_csv(self, folder):
        """Write each table as a CSV file, `unreadable.csv` and so on, and `images.csv`.

        Parameters
        ----------
        folder : str or os.PathLike
            Made where it does not exist. Files of these names are replaced.

        Returns
        -------
        folder : pathlib.Path
            The folder that was written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("images", *_TABLES):
            table = getattr(self, name)
            tuples = [column for column in table if table[column].map(type).eq(tuple).any()]
            flat = table.assign(
                **{
                    column: table[column].map(lambda cell: "; ".join(map(str, cell)))
                    for column in tuples
                }
            )
            write_csv(flat, folder / f"{name}.csv", index=table.index.name is not None)
        return folder

    def to_manifest(self, path):
        """Write which image is where: a CSV with id, SHA-256, label, split and group of each row.

        Publish it with a score, so that others can tell whether they have the same images, and
        split them in the same way: see :meth:`verify_manifest`.

        Parameters
        ----------
        path : str or os.PathLike
            The file to write.

        Returns
        -------
        path : pathlib.Path
            The file that was written.
        """
        write_csv(make_manifest(self.images), path, index=False)
        return Path(path)

    def verify_manifest(self, path):
        """Check that these images are those of a manifest, and return its split.

        Rows may be in another order and lie elsewhere: they are matched by id and content, and by
        label, group and split where both the audit and the manifest state them.

        Parameters
        ----------
        path : str or os.PathLike
            A file that :meth:`to_manifest` wrote.

        Returns
        -------
        split : ndarray of shape (n,), of str
            The split of each row; empty strings where the manifest states none.

        Raises
        ------
        ValueError
            If an image is missing, is left over or differs; the message counts and names them.
        """
        return match_manifest(self.images, read_manifest(path), path)


def _read_reference(reference):
    if isinstance(reference, pd.DataFrame):
        if reference.shape[1] != 2:
            raise ValueError(
                f"The reference has {reference.shape[1]} columns, {list(reference.columns)}."
                " Expected two: ids and labels. Select them: reference[['isic_id', 'diagnosis']]."
            )
        reference = reference.set_index(reference.columns[0]).iloc[:, 0]
    trusted = pd.Series(reference)
    names = [isic_id_of(str(name)) or str(name) for name in trusted.index]
    trusted = pd.Series(trusted.to_numpy(), index=names)
    n_labels = trusted.groupby(level=0).nunique()
    if (n_labels > 1).any():
        first = n_labels.index[n_labels > 1][0]
        raise ValueError(
            f"The reference gives {(n_labels > 1).sum()} id(s) several labels, the first is"
            f" {first!r}: {sorted(set(trusted[first]), key=str)}. Expected one each."
        )
    return trusted[~trusted.index.duplicated()].dropna()
