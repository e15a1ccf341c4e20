"""JSON that every parser reads."""

import json
import math

import numpy as np


def to_json_text(content, indent=2):
    """Return JSON in which undefined and infinite numbers, which it does not have, are null."""
    return json.dumps(_to_plain(content), indent=indent, allow_nan=False)


def _to_plain(value):
    if isinstance(value, dict):
        return {name: _to_plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
