"""Small lesions, and a model on their pixels that takes no time to train."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import EvaluationReport, make_lesion_images, train_test_split_by_group


def flatten(images):
    return images.reshape(len(images), -1) / 255.0


@pytest.fixture(scope="session")
def make_model():
    def make(**parameters):
        parameters = {"C": 0.003, "max_iter": 500} | parameters
        return make_pipeline(FunctionTransformer(flatten), LogisticRegression(**parameters))

    return make


@pytest.fixture(scope="session")
def lesions(make_model):
    """Images, classes, lesions and a frame of either side, and a model of the training side."""
    drawn = make_lesion_images(300, n_classes=3, image_size=(16, 16), random_state=0)
    rows = np.arange(len(drawn.target))
    train, test = train_test_split_by_group(
        rows, groups=drawn.groups, stratify=drawn.target, test_size=0.5, random_state=0
    )
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(15, 90, len(rows)).astype(float),
            "sex": rng.choice(["male", "female"], len(rows)),
            "site": rng.choice(["trunk", "face"], len(rows), p=[0.95, 0.05]),
            "diagnosis": drawn.target,
            "image_id": [f"ISIC_{row:07}" for row in rows],
            "source": "clinic",
        }
    )
    frame.loc[frame.index % 10 == 0, "sex"] = None
    sides = [
        SimpleNamespace(
            X=drawn.images[chosen],
            y=drawn.target[chosen],
            groups=drawn.groups[chosen],
            frame=frame.iloc[chosen],
        )
        for chosen in (train, test)
    ]
    model = make_model().fit(sides[0].X, sides[0].y)
    return SimpleNamespace(train=sides[0], test=sides[1], model=model)


@pytest.fixture(scope="session")
def class_names(lesions):
    return np.unique(lesions.train.y).tolist()


@pytest.fixture
def no_curves(monkeypatch):
    """Write pages without their curves, on which nearly all of the time of a page goes.

    The page with all of them is tested in report/test_evaluate.py.
    """
    monkeypatch.setattr(EvaluationReport, "draw_figures", lambda report: {})
