"""Find classes, patients or lesions that probably have several spellings."""

import unicodedata
from collections import Counter

from ..._utils.validation.messages import name_some


def find_spellings(names, what="classes"):
    """Return a warning about distinct names that differ only by case, blanks or accents' form."""
    simple = {name: _simplify(name) for name in names}
    counts = Counter(simple.values())
    alike = [name for name in names if counts[simple[name]] > 1]
    if not alike:
        return []
    message = (
        f"These {what} differ only by upper and lower case, blanks or the encoding of accents:"
        f" {name_some(sorted(alike, key=simple.get))}. Expected one spelling for each. If they mean"
        " the same, give them the same name."
    )
    return [message]


def find_spellings_of_ids(ids):
    """Return warnings about the ids in each column of a table, from :func:`clean_ids`."""
    messages = (find_spellings(ids[name].dropna().unique(), f"values of {name!r}") for name in ids)
    return [message for found in messages for message in found]


def _simplify(name):
    # macOS may store an accent and its letter separately.
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
