"""Files from strangers: none of their code is run, and each gets the error of load_model."""

import io
import json
import os
import pickle
import re
import runpy
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skin_lesion import ConvNet, SkinLesionClassifier, load_model, make_lesion_images, save_model

HERE = Path(__file__).parent
malicious = runpy.run_path(str(HERE / "_malicious_models.py"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    lesions = make_lesion_images(20, n_classes=2, image_size=(16, 16), random_state=0)
    classifier = SkinLesionClassifier(
        ConvNet(filters=(4,)), epochs=1, early_stopping=False, random_state=0
    )
    path = tmp_path_factory.mktemp("good") / "good.model"
    save_model(classifier.fit(lesions.images, lesions.target), path)
    load_model(path)
    return path.read_bytes()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_file_of_a_stranger_runs_code(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    canary = tmp_path / "canary"
    names, let_in, others = [], [], []
    for name, data in malicious["malicious_files"](good, str(canary)):
        names.append(name)
        (tmp_path / "stranger.model").write_bytes(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                load_model("stranger.model")
        except ValueError as error:
            message = str(error)
            if not re.match(r"path='stranger.model' was not opened: .+\. Expected", message):
                others.append((name, message))
        else:
            let_in.append(name)
        assert not canary.exists(), name
        assert os.listdir(tmp_path) == ["stranger.model"], name
    assert let_in == others == []
    assert len(names) == len(set(names)) >= 30


def test_canary_would_tell(tmp_path):
    """The code that the files hold does run where it is let in."""
    canary = tmp_path / "canary"
    pickle.loads(pickle.dumps(malicious["_Exploit"](str(canary))))
    assert canary.exists()


def test_mutated_files_are_loaded_or_refused(tmp_path):
    fuzz = runpy.run_path(str(HERE / "fuzz_load_model.py"))["fuzz"]
    ends, finds = fuzz(str(tmp_path), n_cases=60)
    assert finds == []
    assert {outcome for _, outcome in ends} == {"loaded", "refused"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning")
def test_crash_leaves_the_old_file_or_the_new_one(tmp_path):
    kill_while_saving = runpy.run_path(str(HERE / "soak_save.py"))["kill_while_saving"]
    counts = kill_while_saving(12, str(tmp_path))
    assert counts["kills"] == 12
    assert counts["corrupt"] == counts["leftovers"] == 0


def _other_state(path, change):
    entries = malicious["read_entries"](path.read_bytes())
    state = json.loads(entries["estimator.json"])
    change(state["attributes"])
    entries["estimator.json"] = json.dumps(state).encode()
    path.write_bytes(malicious["seal"](entries))


@pytest.mark.parametrize(
    ("name", "value"), [("_n_features_outs", [1, 1]), ("_n_features_outs", [-9, 99])]
)
def test_categories_outside_of_the_matrix(name, value, tmp_path):
    path = tmp_path / "model"
    encoder = OneHotEncoder(drop="if_binary").fit([["a", 1], ["b", 2], ["c", 3]])
    save_model(encoder, path)
    assert load_model(path).transform([["a", 1]]).shape == (1, 6)
    _other_state(path, lambda found: found.update({name: value}))
    with pytest.raises(ValueError, match="categories without their own column"):
        load_model(path)


@pytest.mark.parametrize(
    ("options", "attribute", "value"),
    [
        ({}, "categories_", [np.array([3, 2, 1])]),
        ({"drop": "first"}, "_drop_idx_after_grouping", np.array([-1], dtype=object)),
        ({"max_categories": 2}, "_infrequent_indices", [np.array([7])]),
        ({"max_categories": 2}, "_default_to_infrequent_mappings", [np.array([0, 1, 9])]),
    ],
    ids=["unsorted", "dropped", "infrequent", "mapped"],
)
def test_codes_of_categories_that_lead_elsewhere(options, attribute, value, tmp_path):
    X = [[1], [2], [2], [2], [3]]
    encoder = OneHotEncoder(**options).fit(X)
    save_model(encoder, tmp_path / "model")
    expected = encoder.transform(X).toarray()
    np.testing.assert_array_equal(load_model(tmp_path / "model").transform(X).toarray(), expected)
    setattr(encoder, attribute, value)
    save_model(encoder, tmp_path / "model")
    with pytest.raises(ValueError, match="categories without their own column"):
        load_model(tmp_path / "model")


def test_weights_that_share_their_bytes(good, tmp_path):
    """Of many arrays in one place of a file, each is as large as all of it."""
    entries = malicious["read_entries"](good)
    network = malicious["read_entries"](entries["networks/0.keras"])
    weights = io.BytesIO(network["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
        for name in names:
            file[f"{name}_again"] = file[name]
    network["model.weights.h5"] = weights.getvalue()
    entries["networks/0.keras"] = malicious["write_entries"](network)
    path = tmp_path / "model"
    path.write_bytes(malicious["seal"](entries))
    with pytest.raises(ValueError, match="under two names"):
        load_model(path)


def test_arrays_are_read_once_and_generators_have_their_size(tmp_path):
    path = tmp_path / "model"
    scaler = StandardScaler().fit([[1.0], [2.0]])
    save_model(scaler, path)
    _other_state(path, lambda found: found.update(mean_=found["scale_"]))
    with pytest.raises(ValueError, match="KeyError"):
        load_model(path)
    scaler.state_ = np.random.RandomState(0)
    scaler.keys_ = np.zeros(9999, np.uint32)
    save_model(scaler, path)

    def longer(found):
        found["state_"]["items"][1:3] = [found.pop("keys_"), 5000]

    _other_state(path, longer)
    with pytest.raises(ValueError, match="impossible state"):
        load_model(path)


@pytest.mark.parametrize(
    "name", ["skin_lesion.Backbone", "skin_lesion.models._networks.unsaved.UnsavedArchitecture"]
)
def test_what_builds_a_network_is_no_function(tmp_path, name):
    path = tmp_path / "model"
    save_model(FunctionTransformer().fit([[1.0]]), path)
    backbone = {"kind": "object", "class": name, "attributes": {}, "beside": None}
    _other_state(path, lambda found: found.update(func=backbone))
    with pytest.raises(ValueError, match="a function as 'func'"):
        load_model(path)


def test_embedder_opens_no_file_of_weights_that_a_stranger_names(tmp_path):
    path, named = tmp_path / "model", tmp_path / "named.weights.h5"
    named.write_bytes(b"private")

    def node(cls, **attributes):
        cls = f"skin_lesion.{cls}"
        return {"kind": "object", "class": cls, "attributes": attributes, "beside": None}

    backbone = node("Backbone", name="MobileNet", weights=str(named))
    scaler = StandardScaler().fit([[1.0]])
    save_model(scaler, path)
    pretender = node("ImageEmbedder", backbone=backbone, fitted_=True)
    _other_state(path, lambda found: found.update(step=pretender))
    with pytest.raises(NotFittedError):
        load_model(path).step.transform(np.zeros((1, 32, 32, 3)))
    fitted = node("ImageEmbedder", backbone=backbone, n_features_in_=3072)
    _other_state(path, lambda found: found.update(step=fitted))
    with pytest.raises(ValueError, match="the weights of its ImageEmbedder are missing"):
        load_model(path)
