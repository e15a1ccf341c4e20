"""Small lesions and a classifier that learns them in a second or two."""

import pytest

from skin_lesion import ConvNet, SkinLesionClassifier, make_lesion_images, write_lesion_folder


@pytest.fixture(scope="session")
def lesions():
    return make_lesion_images(
        90, n_classes=3, images_per_lesion=1.5, image_size=(24, 24), random_state=0
    )


@pytest.fixture(scope="session")
def lesion_folder(tmp_path_factory):
    return write_lesion_folder(
        tmp_path_factory.mktemp("lesions") / "root",
        60,
        n_classes=2,
        image_size=(24, 24),
        random_state=0,
    )


@pytest.fixture
def small():
    """Return a function that makes a small, fast classifier."""

    def make(**parameters):
        defaults = {
            "architecture": ConvNet(filters=(8,)),
            "epochs": 2,
            "early_stopping": False,
            "random_state": 0,
        }
        return SkinLesionClassifier(**{**defaults, **parameters})

    return make
