"""The names of each diagnosis in the public sets."""

import re

from .label_sets import AKIEC, MEANING

# In lower case and without punctuation; see _simplify.
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
        *("pigmented spindle cell nevus of reed", "nevus atypical dysplastic or clark"),
    ),
    "basal cell carcinoma": (
        *("bcc", "basal cell carcinoma superficial", "basal cell carcinoma nodular"),
        *("basal cell carcinoma morpheiform", "solid cystic basal cell carcinoma"),
        "basosquamous carcinoma",
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
        # HAM10000 and MILK10k count bleeding into the skin among their vascular lesions.
        *("hemorrhage", "haemorrhage", "hemorrhagic lesions", "hematoma", "haematoma"),
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
    "keloid": ("scar keloid",),
    "telangiectasia": ("telangiectases",),
    "poroma": ("eccrine poroma",),
    "digital fibrokeratoma": ("acquired digital fibrokeratoma",),
    "condyloma acuminatum": ("condyloma accuminatum",),
    "other malignant": ("mal oth",),
    "melanoma metastasis": ("metastatic melanoma",),
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

# Words that may follow a name and a comma without changing the diagnosis. They are the subtypes of
# the ISIC archive, such as "Nevus, Balloon cell".
_KINDS = {
    "melanoma": {
        *("acral or acral lentiginous", "arising in a congenital nevus", "associated with a nevus"),
        *("blue nevus like", "desmoplastic", "heavily pigmented", "mucosal", "neurotropic"),
        *("nevoid", "nodular", "pigmented spindle cell nevus like", "recurrent or persistent"),
        *("spitzoid", "superficial spreading", "lentigo maligna type"),
        *("resembling blue nevus", "originating from blue nevus"),
        "on chronically sun exposed skin or lentigo maligna melanoma",
        "resembling epithelioid blue nevus or melanoma developing in animals",
    },
    "nevus": {
        *("acral", "agminated", "balloon cell", "bap 1 deficient", "deep penetrating"),
        *("lentiginous", "meyerson", "of special anatomic site", "recurrent or persistent"),
        *("compound", "dermal", "junctional", "by history", "by histopathological pattern"),
        "by history and histopathological pattern",
        # Of blue nevi.
        *("cellular", "common", "epithelioid", "plaque type", "sclerosing"),
    },
    "basal cell carcinoma": {
        *("basosquamous", "combined subtypes", "fibroeipthelial", "fibroepithelial"),
        "infiltrating",
        *("micronodular", "nodular", "sclerosing or morpheaform", "superficial"),
    },
    "actinic keratosis": {"acantholytic", "atrophic", "bowenoid", "hypertrophic", "lichenoid"},
    "squamous cell carcinoma in situ": {"bowens disease"},
    "invasive squamous cell carcinoma": {
        *("acantholytic", "adeno squamous", "clear cell", "keratoacanthoma type", "sarcomatoid"),
        *("spindle cell", "verrucous", "well differentiated", "moderately differentiated"),
        "poorly differentiated",
    },
    "seborrheic keratosis": {"clonal"},
    "dermatofibroma": {"aneurysmal", "atypical", "cellular", "epithelioid", "hemosiderotic"},
    "vascular lesion": {"cherry", "deep", "hobnail", "infantile", "superficial", "tufted"},
    "lipoma": {"pleomorphic", "spindle cell"},
    "neuroma": {"palisaded and encapsulated", "traumatic"},
    "scar": {"hypertrophic"},
    "mastocytosis": {"diffuse cutaenous", "diffuse cutaneous", "diffuse or multifocal"},
    "cutaneous lymphoma": {
        *("folliculotropic", "granulomatous slack skin", "pagetoid reticulosis"),
        "with large cell transformation",
    },
}
_KINDS_OF_ALL = {"nos", "pigmented"}

_MISSING = {"", "unknown", "unk", "nan", "none", "na", "n a"}


def _simplify(name):
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


_BY_SIMPLE_NAME = {_simplify(name): name for name in MEANING} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases
}


def says_missing(label):
    """Tell whether a label means that the diagnosis is unknown."""
    return _simplify(label) in _MISSING


def _look_up(label):
    head, _, tail = label.rpartition(",")
    # "Nevus, Becker" is a Becker nevus.
    return _BY_SIMPLE_NAME.get(_simplify(label)) or _BY_SIMPLE_NAME.get(_simplify(f"{tail} {head}"))


def canonical_name(label):
    """Return the full English name of a label, or None if it is missing, uncertain or unknown."""
    if not isinstance(label, str) or "?" in label:
        return None
    kinds = set()
    while (name := _look_up(label)) is None:
        label, comma, kind = label.rpartition(",")
        if not comma:
            return None
        kinds.add(_simplify(kind))
    # Other words after a comma may be another diagnosis, or contradict the first.
    return name if kinds <= _KINDS_OF_ALL | _KINDS.get(name, set()) else None
