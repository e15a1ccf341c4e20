"""Find classes that are probably one class in several spellings."""

import unicodedata
from collections import Counter

from ..._utils.validation.messages import name_some


def find_spellings(class_names):
    """Return a warning about classes that differ only by case, blanks or the form of accents."""
    simple = {name: _simplify(name) for name in class_names}
    counts = Counter(simple.values())
    alike = [name for name in class_names if counts[simple[name]] > 1]
    if not alike:
        return []
    message = (
        "These classes differ only by upper and lower case, blanks or the encoding of accents:"
        f" {name_some(alike)}. Expected one spelling for each class. If they are one class, give"
        " them the same name."
    )
    return [message]


def _simplify(name):
    # macOS may store an accent and its letter separately.
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
