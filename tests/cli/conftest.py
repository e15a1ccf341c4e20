"""What tests of the command share."""

import pytest

from skin_lesion import write_lesion_folder


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A small folder of two classes, with lesions."""
    return write_lesion_folder(
        tmp_path_factory.mktemp("job") / "root",
        60,
        n_classes=2,
        weights=[0.3, 0.7],
        image_size=(24, 24),
        random_state=0,
    )
