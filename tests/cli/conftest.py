"""What tests of the command share."""

import pytest

from skin_lesion import EvaluationReport, write_lesion_folder
from skin_lesion.cli._train import job as _job
from skin_lesion.cli._train import pictures as _pictures


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


@pytest.fixture
def without_pictures(monkeypatch):
    """Leave out the pictures and the ONNX file of a job, which take longer than its training.

    test_train.py asks one job for all of them.
    """
    for name in ("class_counts", "sample_images", "training_curves", "right_predictions"):
        monkeypatch.setattr(_pictures, name, lambda *_: None)
    monkeypatch.setattr(EvaluationReport, "draw_figures", lambda self: {})
    monkeypatch.setattr(_job, "export_beside", lambda *_: None)
