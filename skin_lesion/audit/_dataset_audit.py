"""What an audit found, and what to do about it."""

from pathlib import Path

import numpy as np
import pandas as pd

from .._utils.atomic_writing import write_csv, write_text
from .._utils.linked_groups import merge_groups
from .._utils.validation.messages import did_you_mean, say
from ..datasets import SPLITS, isic_id_of
from ._output.manifest import make_manifest, match_manifest, read_manifest
from ._output.page import render_audit
from ._output.summary import TITLES, summarise

_TABLES = (*TITLES, "class_counts", "shortcuts", "quality", "quality_by_class")


class DatasetAudit:
    """Findings of :func:`audit_dataset` in a dataset.

    Each finding is a line of a DataFrame. If it concerns several rows of X, the column `rows` holds
    them as a tuple, and `paths` holds their paths. Images in memory have "row 17" in place of a
    path.

    Attributes
    ----------
    images : DataFrame of n rows
        The audited images, in the order of X: `path`, `isic_id` (if the file name holds one),
        `label`, `split`, `group`, `sha256` (of the bytes of the file, or of the pixels of an
        image in memory), `n_bytes`, `height`, `width`.

    unreadable : DataFrame
        Files that are missing, damaged or not images: `row`, `path`, `label`, `error`.

    exact_duplicates : DataFrame
        Contents that several rows share: `sha256`, `n_images`, `labels`, `splits`, `rows`, `paths`.

    label_conflicts : DataFrame
        Photographs with several labels. The rows are linked as exact or near duplicates, over any
        number of steps: `n_images`, `labels`, `splits`, `rows`, `paths`.

    near_duplicates : DataFrame
        Pairs of contents that show one photograph. `row`, `path`, `label`, `split` and `group`
        describe the first row with one content, `other_row` etc. the first row with the other.
        `distance` is one minus the correlation, 0 for equal images. `transform` turns the first
        image into the second.

    split_leaks : DataFrame
        Readable rows with a counterpart in an earlier split, in the order train, val, test: `kind`,
        `split`, `row`, `path`, `label`. The kinds are "content", "near duplicate" over any number
        of steps, and "group", a group that was given. The counterparts: `other_split`, `n_others`,
        `other_labels`, and the first three of them in `other_rows` and `other_paths`. Photographs
        that a counterpart leads to, such as others of its lesion, are not listed:
        ``keep("drop_leaks")`` drops them, too.

    group_conflicts : DataFrame
        Lesions with several labels, and photographs in several groups: `kind` ("labels of one
        lesion" or "groups of one photograph"), `groups`, `n_images`, `labels`, `splits`, `rows`,
        `paths`. Lesions are those of `lesion_id` in `frame`, because a patient may have lesions of
        several classes.

    suspected_labels : DataFrame
        Rows that confident learning considers mislabelled, worst first: `row`, `path`, `label`,
        `suggested_label`, `self_confidence`, `suggested_confidence`.

    class_counts : DataFrame
        Images, distinct readable contents, groups, and images in each split, by class.

    shortcuts : DataFrame
        How well each shortcut alone predicts the class: `balanced_accuracy`, its 95% interval
        from `low` to `high`, and `chance`.

    quality : DataFrame of n rows
        Flags of each image, the measures behind them, and its colours.

    quality_by_class : DataFrame
        The share of the readable images in each class that have each flag. A class without
        readable images has no row.

    not_checked : dict of str to str
        The checks that were left out, and why.

    See Also
    --------
    audit_dataset : Creates an audit. It has an example.
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
        any number of steps, have the same number. The numbers of two audits are unrelated: audit
        training and test images together, with `split`.
        """
        groups = self.images["group"]
        return merge_groups(groups if groups.notna().any() else None, self._photographs)

    def keep(self, policy):
        """Return which rows to keep.

        Parameters
        ----------
        policy : {"drop_conflicts", "first", "drop_leaks"}
            - "drop_conflicts" drops all rows of a photograph with several labels, exact and near
              duplicates alike. The images cannot tell which label is right.
            - "first" keeps one row of each content and drops conflicts, too. It keeps the first
              row in the latest split that has the content, in the order train, val, test.
            - "drop_leaks" drops training and validation rows whose group in `groups` also has
              readable rows in a later split. These may be more rows than `split_leaks` names,
              because `groups` are linked over any number of steps. It never drops a readable test
              row.

        Returns
        -------
        mask : ndarray of shape (n,), of bool
            Unreadable rows are never kept. Combine policies with `&`.

        Raises
        ------
        ValueError
            If the policy is unknown, or if it is "drop_leaks" and the audit was given no split.
        """
        mask = np.ones(len(self.images), dtype=bool)
        mask[self.unreadable["row"]] = False
        if policy in ("drop_conflicts", "first"):
            for rows in self.label_conflicts["rows"]:
                mask[list(rows)] = False
            if policy == "first":
                for rows in self.exact_duplicates["rows"]:
                    # "drop_leaks" drops the training row: the test row has to be the one kept.
                    latest = max(rows, key=self._place_of_split)  # max keeps the first of equals
                    mask[[row for row in rows if row != latest]] = False
        elif policy == "drop_leaks":
            if "split_leaks" in self.not_checked:
                raise ValueError(
                    "policy is 'drop_leaks', but the audit was given no split. Expected a split:"
                    " pass audit_dataset(..., split=...), or split with audit.groups instead."
                )
            place = self.images["split"].map(SPLITS.index).where(mask)
            # A single step would leave the second photograph of a lesion whose first is a copy.
            mask &= (place == place.groupby(self.groups).transform("max")).to_numpy()
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
        """Return the labels, corrected by a table of trusted labels.

        Parameters
        ----------
        reference : dict, Series, or DataFrame of two columns
            The label of each ISIC id. The keys, the index or the first column hold the ids. Ids of
            other images are ignored.

        Returns
        -------
        y : ndarray of shape (n,)
            Rows keep their label if their file name holds no id, or one that the reference lacks.

        Raises
        ------
        ValueError
            If the reference holds none of the ids, or two labels for one of them.
        TypeError
            If the labels are text and those of the reference numbers, or the other way round.
        """
        trusted = _read_reference(reference)
        ids = self.images["isic_id"]
        is_known = ids.isin(trusted.index).to_numpy()
        if not is_known.any():
            raise ValueError(
                f"The reference holds {len(trusted)} ids, such as {list(trusted.index[:2])}, but"
                f" none of the {ids.notna().sum()} ISIC ids in the {len(ids)} file names. Expected"
                " labels by ISIC id, such as 'ISIC_0024306'."
            )
        y = self.images["label"].to_numpy(dtype=object, copy=True)
        y[is_known] = trusted[ids[is_known]].to_numpy()
        if len({isinstance(label, str) for label in y[pd.notna(y)]}) > 1:
            raise TypeError(
                f"The labels are such as {self.images['label'].tolist()[0]!r}, and those of the"
                f" reference such as {trusted.tolist()[0]!r}. Expected text in both, or numbers in"
                " both. Give the labels of the reference the names that the audit was given."
            )
        return np.array(y.tolist())

    def summary(self):
        """Print the findings as a page of text, and return None."""
        print(summarise(self))

    def __repr__(self):
        return (
            f"<DatasetAudit of {say(len(self.images), 'image')}: "
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
        """Write an HTML page that shows the images of each finding side by side.

        Parameters
        ----------
        path : str or os.PathLike
            The file; missing folders are created.

        n_examples : int, default=12
            Number of examples to show for each finding. All of them are counted.

        Returns
        -------
        path : pathlib.Path
            The file that was written. It embeds its images as small JPEGs and needs no other file.
        """
        return write_text(path, render_audit(self, n_examples=n_examples, is_whole=True))

    def to_csv(self, folder):
        """Write each table as a CSV file, `unreadable.csv` and so on, and `images.csv`.

        In `quality.csv`, the first columns name the image: `path`, `label` and `split`.

        Parameters
        ----------
        folder : str or os.PathLike
            Created if it does not exist. Files with these names are replaced.

        Returns
        -------
        folder : pathlib.Path
            The folder that was written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("images", *_TABLES):
            table = getattr(self, name)
            if name == "quality":
                table = self.images[["path", "label", "split"]].join(table)
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
        """Write a manifest: a CSV file with id, SHA-256, label, split and group of each row.

        Publish it with a score. Others can then check that they have the same images in the same
        split, with :meth:`verify_manifest`.

        Parameters
        ----------
        path : str or os.PathLike
            The file; missing folders are created.

        Returns
        -------
        path : pathlib.Path
            The file that was written.
        """
        write_csv(make_manifest(self.images), path, index=False)
        return Path(path)

    def verify_manifest(self, path):
        """Check that these images are those of a manifest, and return its split.

        The rows may be in another order, and the files in another folder. Rows are matched by id
        and content, and by label and group if both the audit and the manifest have them. Images in
        memory are matched without their id, which is the number of the row. The split is compared
        in each row where both have one. The loaders name the group of an image without
        a lesion or patient by its path below their `root`, or by its ISIC id.

        Parameters
        ----------
        path : str or os.PathLike
            A file that :meth:`to_manifest` wrote.

        Returns
        -------
        split : ndarray of shape (n,), of str
            The split of each row; empty strings where the manifest has none.

        Raises
        ------
        ValueError
            If an image is missing, is not in the manifest, or differs. The message counts such
            images and names examples. Also if copies of one image have several splits, and labels
            or groups that would tell them apart are missing.
        """
        return match_manifest(self.images, read_manifest(path), path)


def _read_reference(reference):
    if isinstance(reference, pd.DataFrame):
        if reference.shape[1] != 2:
            raise ValueError(
                f"The reference has {say(reference.shape[1], 'column')}, {list(reference.columns)}."
                " Expected two: ids and labels. Select them: reference[['isic_id', 'diagnosis']]."
            )
        reference = reference.set_index(reference.columns[0]).iloc[:, 0]
    trusted = pd.Series(reference)
    names = [isic_id_of(str(name)) or str(name) for name in trusted.index]
    trusted = pd.Series(trusted.to_numpy(), index=names).dropna()
    n_labels = trusted.groupby(level=0).nunique()
    if (n_labels > 1).any():
        first = n_labels.index[n_labels > 1][0]
        raise ValueError(
            f"The reference has several labels for {(n_labels > 1).sum()} id(s). The first is"
            f" {first!r}: {sorted(set(trusted[first]), key=str)}. Expected one label for each id."
        )
    return trusted[~trusted.index.duplicated()]
