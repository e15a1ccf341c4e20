"""What the tables of the ISIC releases look like, as data.

The columns are those of the files that https://challenge.isic-archive.com/data, Harvard Dataverse,
Kaggle and the isic-cli give; lesion groups and metadata come in tables of their own.
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
        Where the ISIC ids stand.

    columns : tuple of str
        What else it has, among others.

    lacks : tuple of str
        What it does not have, lest it be taken for a table of another release.

    file_name : str or None
        Regular expression: a file of such a name without these columns is an error.

    one_hot : tuple of str
        Columns that hold a label together.
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


# The first that fits is taken.
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
# Its columns are those of ISIC 2020: only its rows tell it from that.
FORMAT_2019_AS_2020 = TableFormat("2019", "image_name", ("diagnosis",))
LAST_ID_2019 = "ISIC_0073254"
# This one has no line of names.
FORMAT_2016 = TableFormat("2016", "image", ("malignancy",))
# Pairs of images of the same lesion.
DUPLICATES_2020 = ("image_name_1", "image_name_2")

# Of ISIC 2025, which load_public_dataset reads; the rest of its columns are those of the isic-cli.
MILK10K = {"isic_id", "lesion_id", "skin_tone_class"}

# Not of a release: forms to hand predictions in, and a study of readers in the HAM10000 archive.
IGNORED = re.compile(r"submission|NatureMedicine", re.IGNORECASE)

# By its name a table of somebody's predictions, whatever columns stand beside them.
PREDICTIONS = re.compile(
    r"pred|prob|pseudo|ensembl|submission|(?<![a-z])(oof|blend|soft)", re.IGNORECASE
)

# Predictions have the columns of a ground truth that has nothing but labels: then its name decides.
GROUND_TRUTH = re.compile(
    r"^(?!.*(result|output)).*"
    r"(ground[\W_]?truth|metadata|(?<![a-z])(gt|train(ing)?)(?![a-z]))",
    re.IGNORECASE,
)

# Labels of somebody, too, are called so: this is ground truth where no other table has labels.
LABELS = re.compile(r"^(?!.*(result|output)).*(?<![a-z])labels?(?![a-z])", re.IGNORECASE)

# Other names of the columns that frame has for all releases; the first that is there is taken.
HARMONISED = {
    "age": ("age", "age_approx", "age_approximate"),
    "sex": ("sex",),
    "site": ("anatom_site_general", "anatom_site_general_challenge", "localization", "anatom_site"),
    "source": ("attribution", "dataset"),
    "patient_id": ("patient_id", "patient"),
    "lesion_id": ("lesion_id",),
}

# A challenge's own spelling of its columns, whatever a spreadsheet made of upper and lower case.
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

# Each of these may be all that a table says of an image. The other columns that are known show that
# it is metadata, which nobody predicts.
BARE_LABELS = {
    *("target", "malignant", "malignancy", "benign_malignant", "diagnosis", "diagnosis_1", "dx"),
    "iddx_full",
    *("melanoma", "seborrheic_keratosis", "UNK", *CLASSES_2018, *CLASSES_2019),
}

# These tell the label, or how it was come by, which tells it, too: a lesion that was followed up is
# a nevus, and only a melanoma has a thickness.
REVEALING = re.compile(
    r"target|malignant|benign_malignant|diagnosis(_\d|_full)?|dx|dx_type|diagnosis_confirm_type"
    r"|iddx_.*|mel_.*|melanoma|seborrheic_keratosis|melanocytic|nevus_type|concomitant_biopsy"
    r"|invasion_thickness_interval|score_weight|validation_weight|malignancy"
    rf"|{'|'.join(CLASSES_2018 + CLASSES_2019)}|UNK",
)

FINE_SITES = ("anatom_site_3", "anatom_site_2", "anatom_site_1")

# Where each release says which images show one lesion or patient; the others do not say so.
TABLES_OF_IDS = {
    "2018": "ISIC2018_Task3_Training_LesionGroupings.csv, with lesion_id",
    "HAM10000": "HAM10000_metadata, with lesion_id",
    "2019": "ISIC_2019_Training_Metadata.csv, with lesion_id",
    "2020": "ISIC_2020_Training_GroundTruth_v2.csv, with patient_id and lesion_id",
    "2024": "train-metadata.csv, or metadata.csv of the challenge, with patient_id",
    "isic-cli": "metadata.csv of the isic-cli, with lesion_id and patient_id",
}

# ISIC 2018 and 2019 say by the lesion's id where an image comes from.
SOURCES = {"HAM": "HAM10000", "BCN": "BCN20000", "MSK": "MSK"}


def release_named(name):
    """Return the release of a name, however it is spelled, or None."""

    def simplify(text):
        return re.sub(r"[\W_]", "", text.lower()).removeprefix("isic")

    by_simple_name = {simplify(name): name for name in NAMES}
    return by_simple_name.get(simplify(name))
