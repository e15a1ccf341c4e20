"""What can be said on the command line."""

import argparse


def parse_arguments(argv=None):
    """Return the arguments as a namespace; wrong ones end the process with a usage message."""
    parser = argparse.ArgumentParser(
        prog="python -m skin_lesion",
        description="Train a skin-lesion classifier on a folder of dermoscopic images: audit it and"
        " leave out what is faulty, hold out a test set by lesion, search on cross-validated folds,"
        " refit, and report. Research software, no medical device.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "root",
        nargs="?",
        metavar="ROOT",
        help="folder of the form ROOT/<class>/* or ROOT/<split>/<class>/*, with an optional"
        " metadata.csv that has lesion_id or patient_id; without it, images are drawn",
    )
    parser.add_argument(
        "--output", default="skin_lesion_report", metavar="DIR", help="where to write the results"
    )
    for name, default, minimum, text in (
        ("--epochs", 20, 1, "epochs of a fit"),
        ("--image-size", 64, 8, "height and width that images are resized to, in pixels"),
        ("--batch-size", 32, 1, "images a training step"),
        ("--folds", 3, 2, "folds of the cross-validation"),
        ("--random-state", 0, 0, "seed of all that is random"),
    ):
        parser.add_argument(
            name, type=_integer_from(minimum), default=default, metavar="N", help=text
        )
    parser.add_argument(
        "--test-size",
        type=_fraction,
        default=0.2,
        metavar="F",
        help="share of the images to hold out where the folder has no test split",
    )
    parser.add_argument(
        "--keep-faults",
        action="store_true",
        help="train and test on all images, those under several labels, copies and leaks included",
    )
    return parser.parse_args(argv)


def _integer_from(minimum):
    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise argparse.ArgumentTypeError(
                f"found {text!r}, expected a whole number of at least {minimum}"
            )
        return value

    return parse


def _fraction(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number between 0 and 1")
    return value
