"""The names that sets give to the same diagnosis."""

import re

from .label_sets import AKIEC, MEANING

# In lower case and without punctuation, see _simplify.
_ALIASES = {
    "melanoma": (
        *("mel", "melanoma nos", "melanoma in situ", "melanoma invasive", "malignant melanoma"),
        *("lentigo maligna", "lentigo maligna melanoma", "nodular melanoma", "nodular melanoma nm"),
        *("melanoma acral lentiginous", "superficial spreading melanoma"),
        *("superficial spreading melanoma ssm", "melanoma less than 0 76 mm"),
        *("melanoma 0 76 to 1 5 mm", "melanoma more than 1 5 mm"),
    ),
    "nevus": (
        *("nv", "nev", "nevi", "naevus", "melanocytic nevus", "melanocytic nevi", "nevus spilus"),
        *("common nevus", "atypical nevus", "clark nevus", "dysplastic nevus", "blue nevus"),
        *("spitz nevus", "reed nevus", "reed or spitz nevus", "combined nevus", "recurrent nevus"),
        *("congenital nevus", "dermal nevus", "halo nevus", "nevocytic nevus"),
        "pigmented spindle cell nevus of reed",
    ),
    "basal cell carcinoma": (
        *("bcc", "basal cell carcinoma superficial", "basal cell carcinoma nodular"),
        *("basal cell carcinoma morpheiform", "solid cystic basal cell carcinoma"),
    ),
    "actinic keratosis": ("ak", "ack", "actinic keratoses", "solar or actinic keratosis"),
    "squamous cell carcinoma in situ": (
        *("bod", "bowen disease", "bowens disease", "bowen s disease"),
    ),
    "invasive squamous cell carcinoma": (
        *("squamous cell carcinoma invasive", "keratoacanthoma", "sccka"),
        *("squamous cell carcinoma keratoacanthoma", "squamous cell carcinoma or keratoacanthoma"),
    ),
    "squamous cell carcinoma": ("scc", "squamous cell carcinoma nos"),
    AKIEC: (
        "akiec",
        "actinic keratoses and intraepithelial carcinoma",
        "actinic keratoses and intraepithelial carcinoma bowen s disease",
    ),
    "benign keratosis": ("bkl", "benign keratosis like lesion", "benign keratosis like lesions"),
    "pigmented benign keratosis": ("pbk",),
    "seborrheic keratosis": (
        *("sk", "sek", "seborrhoeic keratosis", "seborrheic keratoses"),
        "seborrheic keratosis irritated",
    ),
    "solar lentigo": ("solar lentigines",),
    "lichen planus-like keratosis": ("lplk", "lichenoid keratosis"),
    "dermatofibroma": ("df",),
    "vascular lesion": (
        *("vasc", "vascular lesions", "angioma", "angiokeratoma", "hemangioma", "lymphangioma"),
        *("pyogenic granuloma", "granuloma pyogenic", "arteriovenous hemangioma"),
        *("arterio venous malformation", "port wine stain"),
        "benign soft tissue proliferations vascular",
    ),
    "other benign": ("ben oth", "benign other"),
    "inflammatory or infectious disease": ("inf", "inflammatory or infectious diseases"),
    "lentigo": ("lentigo nos", "ink spot lentigo"),
    "cafe-au-lait macule": ("cafe au lait macule or patch",),
    "infundibular or epidermal cyst": ("epidermal cyst",),
    "pilar cyst": ("trichilemmal or isthmic catagen or pilar cyst",),
    "juvenile xanthogranuloma": ("xanthogranuloma",),
    "porokeratosis": (
        *("porokeratosis actinic", "porokeratosis of mibelli"),
        "disseminated actinic porokeratosis",
    ),
    "molluscum": ("molluscum contagiosum",),
    "verruca": ("verruca vulgaris", "wart"),
    "fibroepithelial polyp": ("acrochordon",),
    "collision of benign proliferations": ("collision only benign proliferations",),
    "fibro-histiocytic proliferation": ("benign soft tissue proliferations fibro histiocytic",),
    "comedo nevus": ("naevus comedonicus",),
    "sebaceous nevus": ("nevus sebaceous of jadassohn", "nevus sebaceous", "nevus sebaceus"),
    "connective tissue nevus": ("nevus lipomatosus superficialis",),
    "telangiectasia": ("telangiectases",),
    "poroma": ("eccrine poroma",),
    "digital fibrokeratoma": ("acquired digital fibrokeratoma",),
    "condyloma acuminatum": ("condyloma accuminatum",),
    "other malignant": ("mal oth",),
    "cutaneous lymphoma": (
        *("mycosis fungoides", "subcutaneous t cell lymphoma"),
        "lymphocytic proliferations t cell nk",
    ),
    "collision with a malignant proliferation": ("collision at least one malignant proliferation",),
    "atypical melanocytic proliferation": (
        "aimp",
        "atypical intraepithelial melanocytic proliferation",
        "atypical melanocytic neoplasm",
    ),
}

_MISSING = {"", "unknown", "unk", "nan", "none", "na", "n a"}


def _simplify(name):
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


_BY_SIMPLE_NAME = {_simplify(name): name for name in MEANING} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases
}


def says_missing(label):
    """Tell whether a label says that none is known."""
    return _simplify(label) in _MISSING


def canonical_name(label):
    """Return the full English name of a label, None where it is missing or not known."""
    if not isinstance(label, str):
        return None
    # The archive names kinds by the dozen, "Nevus, Spitz" and "Hemangioma, Hobnail": where a kind
    # is not known, what it is a kind of may be.
    while _simplify(label) not in _BY_SIMPLE_NAME:
        label, comma, _ = label.rpartition(",")
        if not comma:
            return None
    return _BY_SIMPLE_NAME[_simplify(label)]
