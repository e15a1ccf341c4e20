"""Judge a model on other images, or predictions against their truth."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..audit import say
from ..evaluation import EvaluationReport, evaluate
from ..models import load_model
from ._data import load_data
from ._output import check_output
from ._table import index_by_image, read_csv, read_probabilities, read_truth

POSITIVE = "melanoma"


def run(arguments):
    """Print the report, and write it where an output is named."""
    if arguments.output is not None:
        check_output(Path(arguments.output))
    report = _of_model(arguments) if arguments.model is not None else _of_predictions(arguments)
    report.summary()
    if arguments.output is not None:
        output = Path(arguments.output)
        page = report.to_html(output / "report.html")
        report.to_json(output / "report.json")
        report.to_model_card(output / "model_card.md")
        print(f"\nOpen {page}.")


def _of_model(arguments):
    model = load_model(arguments.model)
    data = load_data(arguments)
    rows = np.ones(len(data.target), dtype=bool) if data.is_test is None else data.is_test
    known = np.isin(data.target, model.classes_)
    if not known[rows].all():
        print(f"{say(int((rows & ~known).sum()), 'image')} of classes that the model lacks.")
    frame = data.frame.drop(columns=["path", "target", "split", "diagnosis"], errors="ignore")
    return evaluate(
        model,
        data.data[rows],
        data.target[rows],
        groups=None if data.groups is None else data.groups[rows],
        frame=frame[rows],
        positive=POSITIVE if POSITIVE in model.classes_ else None,
        random_state=arguments.random_state,
    )


def _of_predictions(arguments):
    truth, classes = read_truth(arguments.truth)
    predictions = read_probabilities(arguments.predictions, truth, classes)
    groups = frame = None
    if arguments.metadata is not None:
        groups, frame = _read_groups(arguments.metadata, truth.index)
    else:
        print("Lesions are not known: pass --metadata, or intervals are too narrow.")
    classes = predictions.columns.to_numpy(dtype=str)
    return EvaluationReport.from_predictions(
        truth.to_numpy(dtype=str),
        predictions.to_numpy(),
        classes=classes,
        groups=groups,
        frame=frame,
        positive=POSITIVE if POSITIVE in classes else None,
        random_state=arguments.random_state,
    )


def _read_groups(path, images):
    """Return the lesion of each image, or the image itself, and what else a table says of them."""
    table = index_by_image(read_csv(path), path).reindex(images)
    name = next((name for name in ("lesion_id", "patient_id") if name in table), None)
    if name is None:
        raise ValueError(
            f"{path} has the columns {list(table.columns)}. Expected lesion_id or patient_id."
        )
    groups = table[name].where(table[name].notna(), pd.Series(images, index=images)).astype(str)
    slices = [name for name in ("sex", "age_approx", "anatom_site_general") if name in table]
    return groups.to_numpy(), table[slices].reset_index(drop=True) if slices else None
