"""The main job: from a folder of images to a report, a picture of each step, and a model."""

import os
import sys
import warnings
from pathlib import Path

from ._arguments import parse_arguments


def main(argv=None):
    """Run the job; see ``python -m skin_lesion --help``.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments. None takes those of the process.

    Returns
    -------
    exit_code : int
        0, or 2 if the input cannot be used: the reason goes to standard error.
    """
    arguments = parse_arguments(argv)
    # TensorFlow would print a page on processors and drivers amid the progress.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _run(arguments)
    except (ValueError, OSError) as error:
        print(f"skin_lesion: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("skin_lesion: interrupted; there is no report.", file=sys.stderr)
        return 130
    return 0


def _run(arguments):
    import matplotlib

    from ._train import pictures as _pictures
    from ._train.clean import clean
    from ._train.data import draw_folder, load_folder
    from ._train.judge import judge, write_report
    from ._train.search import refit_on_faults, search

    matplotlib.use("Agg")
    warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"
    print(
        "skin_lesion is research software. It is not a medical device and must not be used to"
        " diagnose.\n",
        flush=True,
    )

    output = Path(arguments.output)
    if arguments.root is None:
        arguments.root = draw_folder(output / "drawn_images", arguments.random_state)
    cleaned = clean(load_folder(arguments.root), arguments)
    print(cleaned.summary(), flush=True)
    output.mkdir(parents=True, exist_ok=True)
    page = cleaned.audit.to_html(output / "audit.html")
    print(f"Pictures of what the audit found are in {page}.\n", flush=True)

    data = cleaned.used
    fitted = search(data, arguments)
    model = fitted.best_estimator_
    on_faults = None
    if cleaned.faulty is not None:
        on_faults = refit_on_faults(cleaned.faulty, model, arguments)
    judgement = judge(cleaned, fitted, on_faults, arguments)
    print(judgement.text, flush=True)

    _pictures.class_counts(data, output / "class_counts.png")
    _pictures.sample_images(data, output / "sample_images.png")
    _pictures.confusion_matrix(data, judgement.report, output / "confusion_matrix.png")
    _pictures.training_curves(model, output / "training_curves.png")
    _pictures.predictions(data, judgement.report, output / "predictions.png")
    write_report(judgement, model, output)
    print(f"\nWritten to {output}: " + ", ".join(sorted(path.name for path in output.iterdir())))
