"""The label sets that labels are mapped to, and the diagnoses that each of their classes contains.

Every name stands for a set of diagnoses. A label has a counterpart in another set if all of its
diagnoses are in one class there, and in no other. Nothing else is mapped: a benign keratosis may be
a seborrheic keratosis or a solar lentigo, and only the lesion itself shows which.
"""

# Diagnoses that dermoscopy or histopathology can distinguish.
_MELANOMA = {"melanoma"}
_NEVUS = {"nevus"}
_BASAL_CELL = {"basal cell carcinoma"}
_ACTINIC = {"actinic keratosis"}
_IN_SITU = {"squamous cell carcinoma in situ"}
_INVASIVE = {"invasive squamous cell carcinoma"}
_SEBORRHEIC = {"seborrheic keratosis"}
_KERATOSES = _SEBORRHEIC | {"solar lentigo", "lichen planus-like keratosis"}
_DERMATOFIBROMA = {"dermatofibroma"}
_VASCULAR = {"vascular lesion"}
# Only in the classes benign and malignant. The first two are classes of MILK10k. Inflammation and
# infection are benign in the ISIC archive.
_OTHER_BENIGN = {
    *("other benign", "inflammatory or infectious disease"),
    *("lentigo simplex", "lentigo", "cafe-au-lait macule", "scar", "melanosis"),
    # The ISIC archive and MILK10k.
    *("clear cell acanthoma", "sebaceous hyperplasia", "mucosal melanotic macule"),
    *("infundibular or epidermal cyst", "pilar cyst", "juvenile xanthogranuloma", "mastocytosis"),
    *("supernumerary nipple", "porokeratosis", "molluscum", "verruca", "cylindroma", "spiradenoma"),
    *("trichoblastoma", "fibroepithelial polyp", "collision of benign proliferations", "exogenous"),
    "fibro-histiocytic proliferation",
    # DDI and Fitzpatrick17k. These nevi are not melanocytic.
    *("epidermal nevus", "becker nevus", "comedo nevus", "sebaceous nevus"),
    *("connective tissue nevus", "keloid", "glomangioma", "angioleiomyoma"),
    *("syringoma", "pilomatricoma", "mucous cyst", "milia", "fordyce spots", "prurigo nodularis"),
    *("telangiectasia", "lipoma", "neurofibroma", "neuroma", "trichilemmoma", "trichofolliculoma"),
    *("poroma", "chondroid syringoma", "inverted follicular keratosis", "acral melanotic macule"),
    *("fibrous papule", "digital fibrokeratoma", "cellular neurothekeoma"),
    *("syringocystadenoma papilliferum", "verruciform xanthoma", "condyloma acuminatum"),
}
_OTHER_MALIGNANT = {
    *("other malignant", "melanoma metastasis", "kaposi sarcoma", "cutaneous lymphoma"),
    *("merkel cell carcinoma", "atypical fibroxanthoma", "metastatic carcinoma"),
    *("sebaceous carcinoma", "leukemia cutis", "blastic plasmacytoid dendritic cell neoplasm"),
    *("malignant peripheral nerve sheath tumor", "collision with a malignant proliferation"),
}
# Neither benign nor malignant, as in the ISIC archive.
INDETERMINATE = _ACTINIC | {"atypical melanocytic proliferation", "indeterminate"}

AKIEC = "actinic keratosis or intraepithelial carcinoma"

_COMMON = {
    "melanoma": _MELANOMA,
    "nevus": _NEVUS,
    "basal cell carcinoma": _BASAL_CELL,
    "dermatofibroma": _DERMATOFIBROMA,
    "vascular lesion": _VASCULAR,
}
BINARY = "benign_malignant"
LABEL_SETS = {
    "7-class": {**_COMMON, AKIEC: _ACTINIC | _IN_SITU, "benign keratosis": _KERATOSES},
    "8-class": {
        **_COMMON,
        "actinic keratosis": _ACTINIC,
        "squamous cell carcinoma": _IN_SITU | _INVASIVE,
        "benign keratosis": _KERATOSES,
    },
    "9-class": {
        **_COMMON,
        "actinic keratosis": _ACTINIC,
        "squamous cell carcinoma": _IN_SITU | _INVASIVE,
        "pigmented benign keratosis": _KERATOSES,
        "seborrheic keratosis": _SEBORRHEIC,
    },
    BINARY: {
        "benign": _NEVUS | _KERATOSES | _DERMATOFIBROMA | _VASCULAR | _OTHER_BENIGN,
        "malignant": _MELANOMA | _BASAL_CELL | _IN_SITU | _INVASIVE | _OTHER_MALIGNANT,
    },
}
INDETERMINATE_RULES = ("drop", *LABEL_SETS[BINARY])

# The diagnoses of each name: a class has its set, a diagnosis has itself.
MEANING = {
    name: meaning for classes in LABEL_SETS.values() for name, meaning in classes.items()
} | {
    name: {name}
    for name in (
        *(_IN_SITU | _INVASIVE | _KERATOSES),
        *(_OTHER_BENIGN | _OTHER_MALIGNANT | INDETERMINATE),
    )
}


def counterpart(name, label_set, indeterminate="drop"):
    """Return the class of a label set that contains all diagnoses of a canonical name, or None.

    Parameters
    ----------
    name : str

    label_set : str

    indeterminate : {"drop", "benign", "malignant"}
        The class of lesions that are neither, if the classes are benign and malignant.
    """
    classes = LABEL_SETS[label_set]
    if name in classes:
        return name
    if label_set == BINARY and indeterminate != "drop":
        classes = {**classes, indeterminate: classes[indeterminate] | INDETERMINATE}
    meaning = MEANING[name]
    touched = [other for other, covers in classes.items() if covers & meaning]
    return touched[0] if len(touched) == 1 and meaning <= classes[touched[0]] else None
