"""Hypothesis looks for a file that is neither read nor refused, and makes it as small as it can.

The scripts beside this count thousands of files, with crashes and hangs; this finds the shortest
change that does harm. ``make fuzz`` has it try far more than ``make test``.
"""

import json
import warnings

import pytest
from _malicious_models import read_entries, seal, write_entries
from _mutations import sound_files
from fuzz_load_model import make_files
from fuzz_loader import SIZE, read
from hypothesis import given
from hypothesis import strategies as st

from skin_lesion import ImageLoader, load_model

NETWORK = "networks/0.keras"


@st.composite
def image_files(draw):
    """Draw any bytes, or a sound file in which parts are replaced, by more or fewer bytes."""
    files = {"": b"", **sound_files()}
    content = files[draw(st.sampled_from(sorted(files)))]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        stop = draw(st.integers(start, min(len(content), start + 64)))
        content = content[:start] + draw(st.binary(max_size=64)) + content[stop:]
    return content


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The path of a file that is written anew for each example."""
    return tmp_path_factory.mktemp("any") / "file"


@given(image_files())
@pytest.mark.filterwarnings("ignore")
def test_any_image_file_is_decoded_or_refused_by_name(path, content):
    path.write_bytes(content)
    assert read(ImageLoader(SIZE), str(path)) in ("decoded", "refused")


# Whole numbers are small: a network may ask for more memory than there is, as SECURITY.md says.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**5) | st.just(2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def places(tree):
    """Return the places of all values within a tree of JSON: keys that lead there."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = []
    for key, value in pairs:
        found.append((key,))
        if isinstance(value, (dict, list)):
            found += [(key, *place) for place in places(value)]
    return found


@st.composite
def changed_json(draw, text):
    """Draw a text of JSON in which one to three values are replaced by others."""
    for _ in range(draw(st.integers(1, 3))):
        tree = owner = json.loads(text)
        *within, last = draw(st.sampled_from(places(tree)))
        for key in within:
            owner = owner[key]
        owner[last] = draw(json_values)
        text = json.dumps(tree)
    return text.encode()


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    """The entries of two files: a model of numbers alone, and one with a network."""
    return [read_entries(file) for file in make_files(str(tmp_path_factory.mktemp("good")))]


def check_load(path, entries):
    """Raise if a model file is neither loaded nor refused by its name."""
    path.write_bytes(seal(entries))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_model(path)
    except ValueError as error:
        if f"path={str(path)!r} was not opened: " not in str(error):
            raise


@given(data=st.data())
@pytest.mark.parametrize("number", [0, 1])
def test_any_state_is_loaded_or_refused(path, model_files, number, data):
    entries = model_files[number]
    state = data.draw(changed_json(entries["estimator.json"]))
    check_load(path, {**entries, "estimator.json": state})


@given(data=st.data())
def test_any_configuration_of_a_network_is_loaded_or_refused(path, model_files, data):
    entries = model_files[1]
    network = read_entries(entries[NETWORK])
    network["config.json"] = data.draw(changed_json(network["config.json"]))
    check_load(path, {**entries, NETWORK: write_entries(network)})
