"""JSON that every parser reads."""

import json

import numpy as np

from skin_lesion.evaluation import to_json_text


def test_numbers_that_json_lacks_are_null():
    content = {
        "a": [np.float32(0.5), np.nan, (float("inf"), -np.inf)],
        "b": {"n": np.int64(3), "is": np.True_, "none": None, "text": "NaN"},
    }

    def refuse(name):
        raise AssertionError(name)

    assert json.loads(to_json_text(content), parse_constant=refuse) == {
        "a": [0.5, None, [None, None]],
        "b": {"n": 3, "is": True, "none": None, "text": "NaN"},
    }
