"""Estimators link to their page of the documentation, if the package says where that is."""

from email.message import Message

import pytest
from sklearn.pipeline import make_pipeline

from skin_lesion import (
    AugmentingOverSampler,
    Backbone,
    BorderCropper,
    ColorConstancy,
    ConformalClassifier,
    ConvNet,
    FitCheckpoint,
    HairRemover,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    ImageSampler,
    OnnxClassifier,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    RelativeToGroup,
    SkinLesionClassifier,
    TestTimeAugmentation,
)
from skin_lesion._utils import documentation_link as _base

ESTIMATORS = [
    AugmentingOverSampler(),
    Backbone(),
    BorderCropper(),
    ColorConstancy(),
    ConformalClassifier(SkinLesionClassifier()),
    ConvNet(),
    FitCheckpoint("folder"),
    HairRemover(),
    ImageAugmenter(),
    ImageEmbedder(),
    ImageLoader(),
    ImageSampler(),
    OnnxClassifier("model.onnx"),
    OperatingPointClassifier(SkinLesionClassifier()),
    PriorCorrectedClassifier(SkinLesionClassifier()),
    RelativeToGroup(),
    SkinLesionClassifier(),
    TestTimeAugmentation(SkinLesionClassifier()),
]


@pytest.fixture
def state_urls(monkeypatch):
    """Let the metadata of the package state these URLs."""

    def state(*lines):
        stated = Message()
        for line in lines:
            stated["Project-URL"] = line
        monkeypatch.setattr(_base, "metadata", lambda name: stated)
        _base.documentation_url.cache_clear()

    yield state
    _base.documentation_url.cache_clear()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda value: type(value).__name__)
def test_representation_links_to_the_page_of_the_class(estimator, state_urls):
    state_urls("Source, https://example.org/code", "Documentation, https://example.org/docs/")

    page = f"https://example.org/docs/api/skin_lesion.{type(estimator).__name__}.html"
    assert f'href="{page}"' in estimator._repr_html_()


def test_no_link_where_no_address_is_stated(state_urls):
    state_urls("Source, https://example.org/code")

    html = make_pipeline(ImageLoader(), SkinLesionClassifier())._repr_html_()
    assert "skin_lesion.ImageLoader.html" not in html
    assert "example.org" not in html
