"""The formats of the tables of the ISIC releases, as data.

The columns are those of the files from https://challenge.isic-archive.com/data, Harvard Dataverse,
Kaggle and the isic-cli. Lesion groups and metadata are in separate tables.
"""

import re
from dataclasses import dataclass

NAMES = ("2016", "2017", "2018", "HAM10000", "2019", "2020", "2024", "isic-cli", "DermaMNIST")

CLASSES_2018 = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
CLASSES_2019 = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC")


@dataclass(frozen=True)
class TableFormat:
    """One kind of table.

    Parameters
    ----------
    release : str

    id_column : str
        The column of ISIC ids.

    columns : tuple of str
        Other columns that it must have.

    lacks : tuple of str
        Columns that it must not have, because they belong to a table of another release.

    file_name : str or None
        Regular expression. A file of such a name without these columns is an error.

    one_hot : tuple of str
        One-hot columns of the label.
    """

    release: str
    id_column: str
    columns: tuple
    lacks: tuple = ()
    file_name: str | None = None
    one_hot: tuple = ()

    def fits(self, columns):
        needed = {self.id_column, *self.columns}
        return needed <= columns and not columns & set(self.lacks)

    def is_named(self, name):
        return self.file_name is not None and re.search(self.file_name, name, re.IGNORECASE)


# The first format that fits is used.
FORMATS = (
    TableFormat("HAM10000", "image_id", ("dx",), file_name="^HAM10000_metadata"),
    TableFormat("2017", "image_id", ("melanoma", "seborrheic_keratosis"), file_name="2017.*Part3"),
    TableFormat("2017", "image_id", ("age_approximate", "sex")),
    TableFormat(
        "2019",
        "image",
        CLASSES_2019,
        file_name="2019.*GroundTruth",
        one_hot=(*CLASSES_2019, "UNK"),
    ),
    TableFormat("2019", "image_name", CLASSES_2019, one_hot=(*CLASSES_2019, "UNK")),
    TableFormat(
        "2018",
        "image",
        CLASSES_2018,
        lacks=("SCC",),
        file_name="2018_Task3.*GroundTruth",
        one_hot=CLASSES_2018,
    ),
    TableFormat("2018", "image", ("lesion_id", "diagnosis_confirm_type"), lacks=("age_approx",)),
    TableFormat("2020", "image", ("patient", "age_approx")),
    TableFormat("2019", "image", ("age_approx", "anatom_site_general")),
    TableFormat("2020", "image_name", ("target",), file_name="2020.*GroundTruth"),
    TableFormat("2020", "image_name", ("patient_id", "age_approx")),
    TableFormat("2024", "isic_id", ("malignant",), file_name="2024.*GroundTruth"),
    TableFormat(
        "2024", "isic_id", ("target",), lacks=("diagnosis_1",), file_name="^train-metadata"
    ),
    TableFormat("2024", "isic_id", ("iddx_full",)),
    TableFormat("2024", "isic_id", ("tbp_lv_areaMM2",)),
    TableFormat("isic-cli", "isic_id", ("copyright_license",)),
    TableFormat("isic-cli", "isic_id", ("diagnosis_1",)),
    TableFormat("isic-cli", "isic_id", ("diagnosis",)),
)
# It has the columns of ISIC 2020: only its rows distinguish it from that release.
FORMAT_2019_AS_2020 = TableFormat("2019", "image_name", ("diagnosis",))
LAST_ID_2019 = "ISIC_0073254"
# This table has no header.
FORMAT_2016 = TableFormat("2016", "image", ("malignancy",))
# Pairs of images of the same lesion.
DUPLICATES_2020 = ("image_name_1", "image_name_2")

# Columns of ISIC 2025, which load_public_dataset reads. It shares other columns with the isic-cli.
MILK10K = {"isic_id", "lesion_id", "skin_tone_class"}

# Not part of a release: templates for submissions, and a reader study in the HAM10000 archive.
IGNORED = re.compile(r"submission|NatureMedicine", re.IGNORECASE)

# Names of tables of predictions, whatever their other columns are.
PREDICTIONS = re.compile(
    r"pred|prob|pseudo|ensembl|submission|(?<![a-z])(oof|blend|soft)", re.IGNORECASE
)

# Predictions have the same columns as a ground truth with labels alone: the file name decides.
GROUND_TRUTH = re.compile(
    r"^(?!.*(result|output)).*"
    r"(ground[\W_]?truth|metadata|(?<![a-z])(gt|train(ing)?)(?![a-z]))",
    re.IGNORECASE,
)

# Predicted labels have this name, too: it is a ground truth only if no other table has labels.
LABELS = re.compile(r"^(?!.*(result|output)).*(?<![a-z])labels?(?![a-z])", re.IGNORECASE)

# The names in the releases of the columns that every frame has. Tables of one release may have
# several of them: in each row, the first with a value is used.
HARMONISED = {
    "age": ("age", "age_approx", "age_approximate"),
    "sex": ("sex",),
    "site": ("anatom_site_general", "anatom_site_general_challenge", "localization", "anatom_site"),
    "image_type": ("image_type",),
    "source": ("attribution", "dataset"),
    "patient_id": ("patient_id", "patient"),
    "lesion_id": ("lesion_id",),
}

# The spelling of columns in the challenges, by lower case: spreadsheets may have changed the case.
SPELLINGS = {
    name.lower(): name
    for names in (
        *HARMONISED.values(),
        *(
            (table_format.id_column, *table_format.columns, *table_format.one_hot)
            for table_format in FORMATS
        ),
    )
    for name in names
}

# Columns with a class in each row.
LABEL_COLUMNS = (
    *("target", "malignant", "malignancy", "benign_malignant", "diagnosis", "diagnosis_1", "dx"),
    "iddx_full",
)

# A table of predictions may have any of these columns. Any other known column shows that a table is
# metadata, which nobody predicts.
BARE_LABELS = {
    *LABEL_COLUMNS,
    *("melanoma", "seborrheic_keratosis", "UNK", *CLASSES_2018, *CLASSES_2019),
}

# These reveal the label, or how it was confirmed, which reveals it, too: a lesion that was followed
# up is a nevus, and only a melanoma has a thickness.
REVEALING = re.compile(
    r"target|malignant|benign_malignant|diagnosis(_\d|_full)?|dx|dx_type|diagnosis_confirm_type"
    r"|iddx_.*|mel_.*|melanoma|seborrheic_keratosis|melanocytic|nevus_type|concomitant_biopsy"
    r"|invasion_thickness_interval|score_weight|validation_weight|malignancy"
    # The test set of ISIC 2024 lacks it, like the other columns that reveal the label.
    r"|tbp_lv_dnn_lesion_confidence"
    rf"|{'|'.join(CLASSES_2018 + CLASSES_2019)}|UNK",
)

FINE_SITES = ("anatom_site_3", "anatom_site_2", "anatom_site_1")

# The tables of lesions or patients in each release. Other releases have none.
TABLES_OF_IDS = {
    "2018": "ISIC2018_Task3_Training_LesionGroupings.csv, with lesion_id",
    "HAM10000": "HAM10000_metadata, with lesion_id",
    "2019": "ISIC_2019_Training_Metadata.csv, with lesion_id",
    "2020": "ISIC_2020_Training_GroundTruth_v2.csv, with patient_id and lesion_id",
    "2024": "train-metadata.csv, or metadata.csv of the challenge, with patient_id",
    "isic-cli": "metadata.csv of the isic-cli, with lesion_id and patient_id",
}

# The type of the images of each release whose table does not tell it. The isic-cli downloads any.
IMAGE_TYPES = {
    **dict.fromkeys(("2016", "2017", "2018", "HAM10000", "2019", "2020"), "dermoscopic"),
    "2024": "TBP tile",
}

# In ISIC 2018 and 2019, the prefix of the lesion id gives the source of an image.
SOURCES = {"HAM": "HAM10000", "BCN": "BCN20000", "MSK": "MSK"}


def release_named(name):
    """Return the release with a name, in any spelling, or None."""

    def simplify(text):
        return re.sub(r"[\W_]", "", text.lower()).removeprefix("isic")

    by_simple_name = {simplify(name): name for name in NAMES}
    return by_simple_name.get(simplify(name))
