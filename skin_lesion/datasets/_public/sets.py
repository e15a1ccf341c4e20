"""The public datasets that consist of a table and images, as data.

To add such a dataset, add a :class:`PublicSet` here and a row in docs/how_to/public_data.rst.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .prepare import prepare_derm7pt, prepare_milk10k, read_ph2


@dataclass(frozen=True)
class PublicSet:
    """One dataset.

    Parameters
    ----------
    name : str

    columns : tuple of str
        The columns that distinguish its table from others.

    path, label : str or tuple of str
        Columns; see :class:`Columns`.

    source : str
        The documentation of its layout.

    image_type : str
        "dermoscopic" or "clinical", or the column of the image type.

    file_name : str or None
        Regular expression. A file of such a name without these columns is an error.

    patient, lesion, split, diagnosis, malignancy, age, sex, site : str or None
        Further columns.

    skin_types : tuple of str
        Columns of skin types from 1 to 6. Other numbers mean unknown.

    tells_label : tuple of str
        Columns that reveal the label, or how it was confirmed. The frame leaves them out.

    also_named : tuple of str

    helpers : tuple of tuple of str
        The columns of further tables, which `prepare` gets.

    prepare : callable or None
        Makes one table. It gets a list of the dataset's own tables, and a list of tables for each
        helper. Each table is a pair (path, DataFrame).

    read : callable or None
        Reads the table if it is not a CSV file.

    ignored : str or None
        Regular expression. Files whose path below the folder matches are not images of the
        dataset, but masks, for example.

    hides : tuple of str
        Releases of ISIC whose tables may be in the same folder, with less information.
    """

    name: str
    columns: tuple
    path: str
    label: tuple
    source: str
    image_type: str = "clinical"
    file_name: str | None = None
    patient: str | None = None
    lesion: str | None = None
    split: str | None = None
    diagnosis: str | None = None
    malignancy: str | None = None
    age: str | None = None
    sex: str | None = None
    site: str | None = None
    skin_types: tuple = ()
    tells_label: tuple = ()
    also_named: tuple = ()
    helpers: tuple = ()
    prepare: Callable | None = None
    read: Callable | None = None
    ignored: str | None = None
    hides: tuple = ()


SETS = (
    PublicSet(
        name="MILK10k",
        # As in the challenge. Names of columns and diagnoses are from code that reads it.
        source="https://challenge.isic-archive.com/landing/milk10k",
        also_named=("ISIC 2025",),
        columns=("isic_id", "lesion_id", "image_type", "skin_tone_class"),
        file_name=r"^MILK10k_(training|test)_metadata",
        helpers=(("lesion_id", "SCCKA"), ("isic_id", "diagnosis_full")),
        prepare=prepare_milk10k,
        path="isic_id",
        label=(
            *("AKIEC", "BCC", "BEN_OTH", "BKL", "DF", "INF", "MAL_OTH", "MEL", "NV", "SCCKA"),
            "VASC",
        ),
        diagnosis="diagnosis_full",
        lesion="lesion_id",
        split="split",
        age="age_approx",
        sex="sex",
        site="site",
        image_type="image_type",
        tells_label=("diagnosis_confirm_type", "invasion_thickness_interval"),
        hides=("isic-cli",),
    ),
    PublicSet(
        name="BCN20000",
        # The files on figshare. Names of columns are from code that reads them.
        source="https://doi.org/10.1038/s41597-024-03387-w",
        columns=("bcn_filename", "lesion_id"),
        file_name="^bcn_20k_(train|test)",
        path="bcn_filename",
        label=("diagnosis",),
        lesion="lesion_id",
        split="split",
        age="age_approx",
        sex="sex",
        site="anatom_site_general",
        image_type="dermoscopic",
    ),
    PublicSet(
        name="PAD-UFES-20",
        # https://doi.org/10.17632/zr7vgbcyr2.1. The paper lists its columns.
        source="https://doi.org/10.1016/j.dib.2020.106221",
        columns=("patient_id", "lesion_id", "img_id", "diagnostic"),
        path="img_id",
        label=("diagnostic",),
        patient="patient_id",
        lesion="lesion_id",
        age="age",
        sex="gender",
        site="region",
        skin_types=("fitspatrick",),
        tells_label=("biopsed",),
    ),
    PublicSet(
        name="PH2",
        # The layout of its text file is from code that reads it.
        source="https://doi.org/10.1109/EMBC.2013.6610779",
        columns=("name", "clinical diagnosis"),
        file_name=r"^PH2_dataset\.txt$",
        read=read_ph2,
        path="name",
        label=("clinical diagnosis",),
        image_type="dermoscopic",
        tells_label=("histological diagnosis",),
        ignored=r"_(lesion|roi)[/\\]",
    ),
    PublicSet(
        name="Derm7pt",
        # The authors' own reader, https://github.com/jeremykawahara/derm7pt.
        source="https://doi.org/10.1109/JBHI.2018.2824327",
        columns=("diagnosis", "derm", "clinic", "seven_point_score"),
        helpers=(("indexes",),),
        prepare=prepare_derm7pt,
        path="image",
        label=("diagnosis",),
        lesion="case_num",
        split="split",
        sex="sex",
        site="location",
        image_type="image_type",
        tells_label=("management", "level_of_diagnostic_difficulty", "seven_point_score", "notes"),
    ),
    PublicSet(
        name="DDI",
        # The table as it is published.
        source="https://doi.org/10.1126/sciadv.abq6147",
        columns=("DDI_file", "skin_tone", "malignant", "disease"),
        file_name="^ddi_metadata",
        path="DDI_file",
        label=("disease",),
        malignancy="malignant",
    ),
    PublicSet(
        name="Fitzpatrick17k",
        # The table as it is published, https://github.com/mattgroh/fitzpatrick17k.
        source="https://doi.org/10.1109/CVPRW53098.2021.00201",
        columns=("md5hash", "label", "three_partition_label"),
        file_name="^fitzpatrick17k",
        path="md5hash",
        label=("label",),
        malignancy="three_partition_label",
        skin_types=("fitzpatrick_scale", "fitzpatrick_centaur"),
        # The address contains the name of the disease.
        tells_label=("nine_partition_label", "url", "url_alphanum"),
    ),
)
