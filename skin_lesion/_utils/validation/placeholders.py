"""Placeholders that tables have in place of an unknown lesion or patient."""

import re

_NOTHING = r"unknown|unk|anonym(ous|i[sz]ed)|missing|unspecified|undefined|undisclosed|none|no|null"
_WHOSE = r"patient|lesion|subject|person|case|id"
_PLACEHOLDER = re.compile(
    rf"-(1|9+)(\.0+)?|<?n[./]?a\.?n?>?|[-?._*/]+|({_NOTHING})([ _-]?({_WHOSE}))*"
    rf"|(({_WHOSE})[ _-]?)+({_NOTHING})"
    r"|not[ _](available|known|specified|applicable|recorded|given)",
    re.IGNORECASE,
)


def is_placeholder(text):
    """Return whether an id means that the lesion or patient is unknown."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None
