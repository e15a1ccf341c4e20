"""The roles of the columns of a table, and a check that the columns exist."""

from dataclasses import dataclass

from ..._utils.validation.messages import did_you_mean, name_some
from .._reading.table_file import check_columns_differ


@dataclass(frozen=True)
class Columns:
    """The columns of a table, by role.

    Parameters
    ----------
    path : str
        The file of each image, or its id.

    label : tuple of str
        One column of classes, or one of 0 and 1 for each class.

    patient, lesion : str or None

    split : str or None

    diagnosis : str or None
        A finer name than the label, if it is known.

    malignancy : str or None
        "benign" or "malignant", used if the diagnosis does not decide it.

    tells_label : tuple of str
        Columns that reveal the label. The frame leaves them out.
    """

    path: str
    label: tuple
    patient: str | None = None
    lesion: str | None = None
    split: str | None = None
    diagnosis: str | None = None
    malignancy: str | None = None
    tells_label: tuple = ()

    def groups(self):
        """Return the columns of patients and lesions."""
        return [name for name in (self.patient, self.lesion) if name is not None]

    def used(self):
        """Return the columns that the frame has in another form or leaves out."""
        return {self.path, *self.label, self.split, self.diagnosis, self.malignancy} | set(
            self.tells_label
        )


def check_columns(roles, columns, where):
    """Raise a ValueError if a table lacks a column, has it twice, or has two roles for it.

    Parameters
    ----------
    roles : dict of str to list of str
        The columns that the user named, by parameter.

    columns : list
        The columns of the table.

    where : str
        What to call the table in messages.
    """
    if not any(str(name).strip() for name in columns):
        raise ValueError(
            f"{where} has no columns. Expected a line of column names, then a line for each image."
        )
    check_columns_differ(columns, where)
    by_column = {}
    for role, names in roles.items():
        for name in names:
            if name not in columns:
                raise ValueError(
                    f"{where} has no column {name!r}, which is passed as {role}. Expected one of"
                    f" its columns: {name_some(list(map(str, columns)))}."
                    f"{did_you_mean(name, columns)}"
                )
            if by_column.setdefault(name, role) != role or names.count(name) > 1:
                raise ValueError(
                    f"The column {name!r} is passed as {by_column[name]} and as {role}. Expected"
                    " different columns. Pass another column for one of them."
                )
