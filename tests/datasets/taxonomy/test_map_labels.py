import numpy as np
import pandas as pd
import pytest

from skin_lesion import map_labels
from skin_lesion.datasets._isic.dermamnist import CLASSES
from skin_lesion.datasets._isic.formats import CLASSES_2018, CLASSES_2019
from skin_lesion.datasets._taxonomy.label_sets import LABEL_SETS, MEANING
from skin_lesion.datasets._taxonomy.names import _ALIASES, _KINDS, _simplify, canonical_name

AKIEC = "actinic keratosis or intraepithelial carcinoma"
# As load_image_folder finds them.
FOLDERS = [
    "actinic keratosis",
    "basal cell carcinoma",
    "dermatofibroma",
    "melanoma",
    "nevus",
    "pigmented benign keratosis",
    "seborrheic keratosis",
    "squamous cell carcinoma",
    "vascular lesion",
]
COMMON = ["basal cell carcinoma", "dermatofibroma", "melanoma", "nevus", "vascular lesion"]


def mapped(labels, label_set):
    return dict(zip(labels, map_labels(labels, label_set, unmapped="missing"), strict=True))


@pytest.mark.parametrize(
    ("label_set", "labels"),
    [
        ("7-class", CLASSES_2018),
        ("7-class", [name.lower() for name in CLASSES_2018]),
        ("7-class", CLASSES),
        ("8-class", CLASSES_2019),
        ("9-class", FOLDERS),
        ("benign_malignant", ["benign", "malignant"]),
    ],
)
def test_a_set_maps_onto_itself_without_loss(label_set, labels):
    classes = map_labels(labels, label_set)
    assert sorted(classes) == sorted(LABEL_SETS[label_set])
    np.testing.assert_array_equal(map_labels(classes, label_set), classes)


def test_names_agree_with_the_class_folders():
    assert map_labels(FOLDERS, "9-class").tolist() == FOLDERS


@pytest.mark.parametrize("source", LABEL_SETS)
@pytest.mark.parametrize("target", ["7-class", "8-class", "9-class"])
def test_classes_common_to_all_keep_their_name(source, target):
    if source != "benign_malignant":
        assert set(COMMON) <= set(LABEL_SETS[source])
        assert map_labels(COMMON, target).tolist() == COMMON


def test_nine_to_seven_classes():
    classes = mapped(FOLDERS, "7-class")
    assert classes["pigmented benign keratosis"] == "benign keratosis"
    assert classes["seborrheic keratosis"] == "benign keratosis"
    assert classes["actinic keratosis"] == AKIEC
    assert classes["squamous cell carcinoma"] is None


def test_seven_to_eight_and_nine_classes():
    assert mapped(CLASSES_2018, "8-class") == {
        **dict(zip(["BCC", "DF", "MEL", "NV", "VASC"], COMMON, strict=True)),
        "BKL": "benign keratosis",
        "AKIEC": None,
    }
    classes = mapped(CLASSES_2018, "9-class")
    assert classes["BKL"] is None
    assert classes["AKIEC"] is None


def test_eight_to_nine_classes():
    classes = mapped(CLASSES_2019, "9-class")
    assert [name for name, label in classes.items() if label is None] == ["BKL"]
    assert classes["SCC"] == "squamous cell carcinoma"


def test_to_benign_and_malignant():
    assert mapped(FOLDERS, "benign_malignant") == {
        "actinic keratosis": None,
        "basal cell carcinoma": "malignant",
        "dermatofibroma": "benign",
        "melanoma": "malignant",
        "nevus": "benign",
        "pigmented benign keratosis": "benign",
        "seborrheic keratosis": "benign",
        "squamous cell carcinoma": "malignant",
        "vascular lesion": "benign",
    }
    assert mapped(["AKIEC", "lentigo NOS", "melanoma metastasis"], "benign_malignant") == {
        "AKIEC": None,
        "lentigo NOS": "benign",
        "melanoma metastasis": "malignant",
    }


@pytest.mark.parametrize("label_set", ["7-class", "8-class", "9-class"])
def test_benign_and_malignant_have_no_counterpart(label_set):
    assert mapped(["benign", "malignant"], label_set) == {"benign": None, "malignant": None}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Melanoma, NOS", "melanoma"),
        ("Melanoma Invasive", "melanoma"),
        ("Melanoma in situ", "melanoma"),
        ("Melanoma metastasis", "melanoma metastasis"),
        ("Nevus", "nevus"),
        ("Nevus, Atypical, Dysplastic, or Clark", "nevus"),
        ("melanocytic nevi", "nevus"),
        ("Solar or actinic keratosis", "actinic keratosis"),
        ("Bowen's disease", "squamous cell carcinoma in situ"),
        ("Squamous cell carcinoma, NOS", "squamous cell carcinoma"),
        ("Squamous cell carcinoma, Invasive", "invasive squamous cell carcinoma"),
        ("actinic keratoses and intraepithelial carcinoma", AKIEC),
        ("benign keratosis-like lesions", "benign keratosis"),
        ("seborrheic_keratosis", "seborrheic keratosis"),
        ("lichenoid keratosis", "lichen planus-like keratosis"),
        ("  BASAL CELL\tCARCINOMA ", "basal cell carcinoma"),
        ("Benign soft tissue proliferations - Vascular", "vascular lesion"),
        ("Nevus sebaceus", "sebaceous nevus"),
        ("nevertheless", None),
        ("", None),
        (3, None),
        (None, None),
    ],
)
def test_names_of_releases(label, name):
    assert canonical_name(label) == name


def test_in_situ_carcinomas_are_in_all_sets():
    labels = ["Squamous cell carcinoma in situ", "solar lentigo"]
    assert map_labels(labels, "7-class").tolist() == [AKIEC, "benign keratosis"]
    assert map_labels(labels, "9-class").tolist() == [
        "squamous cell carcinoma",
        "pigmented benign keratosis",
    ]


def test_bleeding_into_the_skin_is_a_vascular_lesion():
    labels = ["Hemorrhage", "haemorrhage", "Hemorrhagic lesions", "hematoma", "haematoma"]
    for label_set in ("7-class", "8-class", "9-class"):
        assert map_labels(labels, label_set).tolist() == ["vascular lesion"] * 5
    assert map_labels(labels, "benign_malignant").tolist() == ["benign"] * 5


def test_tables_are_consistent():
    assert set(_ALIASES) <= set(MEANING)
    aliases = [alias for aliases in _ALIASES.values() for alias in aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & {_simplify(name) for name in MEANING}
    assert all(alias == _simplify(alias) for alias in aliases)
    assert set(_KINDS) <= set(MEANING)
    assert all(kind == _simplify(kind) for kinds in _KINDS.values() for kind in kinds)
    for classes in LABEL_SETS.values():
        for name, meaning in classes.items():
            assert MEANING[name] == meaning


def test_error_counts_what_has_no_counterpart():
    labels = ["BKL", "NV", "BKL", "AKIEC", "nevsu", None, "unknown", np.nan]
    with pytest.raises(ValueError, match=r"^7 labels cannot be mapped to the 9-class") as raised:
        map_labels(labels, "9-class")
    message = str(raised.value)
    assert "without a counterpart in it: 'AKIEC' (1), 'BKL' (2);" in message
    assert "with unknown names: 'nevsu' (1). Did you mean 'nevus'?;" in message
    assert "missing: 3." in message
    assert "pass unmapped='missing'" in message


def test_missing_values_in_place_of_labels():
    classes = map_labels(["NV", "BKL", None, "UNK"], "9-class", unmapped="missing")
    assert classes.dtype == object
    assert classes.tolist() == ["nevus", None, None, None]


@pytest.mark.parametrize(
    "form",
    [
        list,
        np.array,
        pd.Series,
        lambda y: pd.Categorical(y),
        lambda y: pd.Series(y, dtype="string"),
    ],
)
def test_forms_of_y(form):
    classes = map_labels(form(["NV", "MEL", "NV"]), "7-class")
    assert classes.dtype.kind == "U"
    assert classes.tolist() == ["nevus", "melanoma", "nevus"]


def test_numbers_are_no_labels():
    with pytest.raises(ValueError, match=r"with unknown names: '5' \(2\)"):
        map_labels([5, 5], "7-class")


def test_invalid_parameters():
    with pytest.raises(ValueError, match=r"label_set is '7 class'.*Did you mean '7-class'\?"):
        map_labels(["NV"], "7 class")
    with pytest.raises(ValueError, match=r"unmapped is 'drop'. Expected 'raise' or 'missing'"):
        map_labels(["NV"], "7-class", unmapped="drop")
    with pytest.raises(ValueError, match=r"indeterminate is 'malign'.*Did you mean 'malignant'\?"):
        map_labels(["NV"], "7-class", indeterminate="malign")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        # PAD-UFES-20
        (["ACK", "BCC", "MEL"], ["actinic keratosis", "basal cell carcinoma", "melanoma"]),
        (["NEV", "SCC", "SEK"], ["nevus", "squamous cell carcinoma", "seborrheic keratosis"]),
        (["BOD"], ["squamous cell carcinoma in situ"]),
        # PH2 and Derm7pt
        (["Common Nevus", "Atypical Nevus", "clark nevus", "reed or spitz nevus"], ["nevus"] * 4),
        (["blue nevus", "combined nevus", "recurrent nevus", "dermal nevus"], ["nevus"] * 4),
        (["melanoma (in situ)", "melanoma (less than 0.76 mm)"], ["melanoma"] * 2),
        (["melanoma (0.76 to 1.5 mm)", "melanoma (more than 1.5 mm)"], ["melanoma"] * 2),
        (["melanoma metastasis", "miscellaneous"], ["melanoma metastasis", None]),
        # MILK10k
        (["SCCKA", "Keratoacanthoma"], ["invasive squamous cell carcinoma"] * 2),
        (["BEN_OTH", "MAL_OTH"], ["other benign", "other malignant"]),
        (["INF"], ["inflammatory or infectious disease"]),
        (["Blue nevus", "Nevus, BAP-1 deficient", "Nevus, NOS, Dermal"], ["nevus"] * 3),
        (
            [
                "Squamous cell carcinoma in situ, Bowens disease",
                "Squamous cell carcinoma, Invasive",
            ],
            ["squamous cell carcinoma in situ", "invasive squamous cell carcinoma"],
        ),
        (["Lichen planus like keratosis"], ["lichen planus-like keratosis"]),
        (["Hemangioma, Hobnail", "Pyogenic granuloma"], ["vascular lesion"] * 2),
        # DDI and Fitzpatrick17k. Not all that is called a nevus has melanocytes.
        (["melanoma-acral-lentiginous", "nodular-melanoma-(nm)"], ["melanoma"] * 2),
        (["superficial spreading melanoma ssm", "lentigo maligna"], ["melanoma"] * 2),
        (["basal-cell-carcinoma-nodular"], ["basal cell carcinoma"]),
        (["squamous-cell-carcinoma-keratoacanthoma"], ["invasive squamous cell carcinoma"]),
        (["mycosis fungoides", "kaposi-sarcoma"], ["cutaneous lymphoma", "kaposi sarcoma"]),
        (["becker nevus", "naevus comedonicus"], ["becker nevus", "comedo nevus"]),
        (["atypical-spindle-cell-nevus-of-reed", "eczema"], [None, None]),
    ],
)
def test_names_of_other_sets(labels, names):
    assert [canonical_name(label) for label in labels] == names


@pytest.mark.parametrize(
    ("name", "labels"),
    {
        "nevus": [
            *("Nevus, Acral", "Nevus, Agminated", "Nevus, Atypical, Dysplastic, or Clark"),
            *("Nevus, Atypical", "Nevus, Dysplastic", "Nevus, Clark", "Nevus, Balloon cell"),
            *("Nevus, Combined", "Nevus, Congenital, by history", "Nevus, Deep penetrating"),
            *("Nevus, Halo", "Nevus, Lentiginous", "Nevus, Meyerson", "Nevus, NOS, Compound"),
            *("Nevus, NOS, Junctional", "Nevus, Of special anatomic site", "Nevus, Reed"),
            *("Nevus, Recurrent or persistent", "Nevus, Spilus", "Nevus, Spitz", "Nevus, blue"),
            *("Blue nevus, Cellular", "Blue nevus, Plaque type"),
        ],
        "melanoma": [
            *("Melanoma, NOS", "Melanoma Invasive, Nodular", "Melanoma in situ, Mucosal"),
            "Melanoma Invasive, On chronically sun-exposed skin or lentigo maligna melanoma",
            *("Melanoma in situ, Lentigo maligna type", "Melanoma, superficial spreading"),
            *("Melanoma Invasive, Blue nevus-like", "Melanoma in situ, associated with a nevus"),
        ],
        "basal cell carcinoma": [
            *("Basal cell carcinoma, Infiltrating", "Basal cell carcinoma, Superficial"),
            *("Basal cell carcinoma, Nodular", "Carcinoma, basal cell"),
            *("Basosquamous carcinoma", "Basal cell carcinoma, Basosquamous"),
        ],
        "invasive squamous cell carcinoma": [
            "Squamous cell carcinoma, Invasive, Keratoacanthoma-type",
            "Squamous cell carcinoma, Invasive, Acantholytic, well differentiated",
            "Squamous cell carcinoma, Invasive, NOS, poorly differentiated",
        ],
        "actinic keratosis": ["Actinic keratosis, Bowenoid"],
        "seborrheic keratosis": ["Seborrheic keratosis, Clonal"],
        "dermatofibroma": ["Dermatofibroma, Hemosiderotic", "Dermatofibroma, Atypical"],
        "vascular lesion": ["Hemangioma, Cherry", "Lymphangioma, superficial"],
        "keloid": ["Scar, Keloid"],
        "mastocytosis": ["Mastocytosis, Diffuse or multifocal"],
        "cutaneous lymphoma": ["Mycosis fungoides, Folliculotropic"],
        # Another diagnosis with the comma than without.
        "becker nevus": ["Nevus, Becker"],
        "epidermal nevus": ["Nevus, epidermal"],
        "melanoma metastasis": ["Melanoma, metastatic", "melanoma, metastasis"],
    }.items(),
)
def test_kinds_behind_a_comma(name, labels):
    assert {label: canonical_name(label) for label in labels} == dict.fromkeys(labels, name)


@pytest.mark.parametrize(
    "label",
    [
        *("nevus, melanoma", "nevus, rule out melanoma", "benign, melanoma", "melanoma, benign"),
        *("Dermatofibroma, Dermatofibrosarcoma protuberans", "Vascular lesion, angiosarcoma"),
        *("Hemangioma, Kaposiform", "Nevus, NOS, melanoma", "nevus, melanoma, NOS"),
        *("Spitz nevus, atypical", "Blue nevus, malignant", "Nevus, Deep penetrating, atypical"),
        *("Melanoma?", "melanoma (?)", "nevus, Spitz?", "nevus vs melanoma", "rule out melanoma"),
        "nevus" + ", wood" * 2000,
    ],
)
def test_doubt_and_other_diagnoses_behind_a_comma(label):
    mapped, account = map_labels(
        [label, "NV"], "benign_malignant", unmapped="missing", return_account=True
    )
    assert mapped.tolist() == [None, "benign"]
    assert account["reason"].tolist() == ["", "unknown name"]


def test_indeterminate_lesions():
    labels = ["AK", "AIMP", "indeterminate", "akiec", "NV"]
    rules = {
        rule: map_labels(
            labels, "benign_malignant", unmapped="missing", indeterminate=rule
        ).tolist()
        for rule in ("drop", "benign", "malignant")
    }
    assert rules == {
        "drop": [None] * 4 + ["benign"],
        # An intraepithelial carcinoma is malignant.
        "benign": ["benign"] * 3 + [None, "benign"],
        "malignant": ["malignant"] * 4 + ["benign"],
    }
    assert map_labels(["AK"], "8-class", indeterminate="benign").tolist() == ["actinic keratosis"]
    with pytest.raises(ValueError, match=r"'AK' \(1\).* indeterminate='malignant' or 'benign'"):
        map_labels(["AK"], "benign_malignant")


def test_account():
    labels = ["NV", "nevus", "NV", "AKIEC", "wood", None, "UNK", "AIMP"]
    classes, account = map_labels(labels, "8-class", unmapped="missing", return_account=True)
    assert list(account) == ["label", "class", "n_rows", "reason"]
    rows = set(account.itertuples(index=False, name=None))
    assert rows == {
        ("NV", "nevus", 2, ""),
        ("nevus", "nevus", 1, ""),
        ("AKIEC", None, 1, "no counterpart"),
        ("AIMP", None, 1, "no counterpart"),
        ("wood", None, 1, "unknown name"),
        (None, None, 1, "missing"),
        ("UNK", None, 1, "missing"),
    }
    assert account["n_rows"].sum() == len(classes)
    classes, account = map_labels(["NV"], "8-class", return_account=True)
    assert classes.tolist() == account["class"].tolist() == ["nevus"]
