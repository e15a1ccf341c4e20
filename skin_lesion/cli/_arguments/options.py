"""What can be said on the command line, by verb."""

from .values import fraction, integer_from, path, positive

_PRESETS = ("fast", "good", "best")
# The columns of a table.
ROLES = {
    "path": "file names",
    "label": "classes",
    "group": "lesion or patient ids",
    "split": "splits: train, val or test",
}


def add_train(parser):
    _add_data(parser, more="; without it, the command draws images and trains on these")
    _add_output(parser, "skin_lesion_report")
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--preset",
        choices=_PRESETS,
        default="good",
        help="how much time to spend on training (default: %(default)s)",
    )
    network.add_argument(
        "--backbone", metavar="NAME", help="network to fine-tune; by default the preset's"
    )
    network.add_argument(
        "--weights", type=path, metavar="FILE", help="HDF5 file with the weights of the backbone"
    )
    network.add_argument(
        "--from-scratch", action="store_true", help="train a small network, not a pretrained one"
    )
    for name, minimum, default, text in (
        ("--epochs", 1, None, "epochs of a fit; by default the preset's"),
        ("--image-size", 8, None, "height and width of images, in pixels; by default the preset's"),
        ("--batch-size", 1, 32, "images in a training step (default: %(default)s)"),
    ):
        network.add_argument(
            name, type=integer_from(minimum), default=default, metavar="N", help=text
        )
    course = parser.add_argument_group("training and evaluation")
    course.add_argument(
        "--minutes",
        type=positive,
        metavar="N",
        help="time for the whole run without --compare-with-faults; the grid search is shortened to"
        " keep it, or else the final fit; by default 5 (fast), 45 (good) or 180 (best), or as long"
        " as one fit takes",
    )
    course.add_argument(
        "--candidates",
        type=integer_from(1),
        metavar="N",
        help="maximum number of candidates in the grid search; by default as many as time allows",
    )
    course.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run into the same --output, with its finished fits",
    )
    course.add_argument(
        "--folds",
        type=integer_from(2),
        metavar="N",
        help="number of cross-validation folds; by default 3, or 2 if the time is short",
    )
    course.add_argument(
        "--test-size",
        type=fraction,
        default=0.2,
        metavar="F",
        help="share of the images to hold out if the data have no test split"
        " (default: %(default)s)",
    )
    _add_random_state(course, "of splits, weights and bootstrap samples")
    course.add_argument(
        "--keep-faults",
        action="store_true",
        help="train and test on all images, including duplicates, label conflicts and leakage",
    )
    course.add_argument(
        "--compare-with-faults",
        action="store_true",
        help="train once more without cleaning the data, and report that score too",
    )


def add_audit(parser):
    _add_data(parser)
    _add_output(parser, "skin_lesion_audit")


def add_predict(parser):
    parser.add_argument("model", metavar="MODEL", help="model file, such as model.zip of train")
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="photographs, folders of photographs, or CSV files with a column of paths",
    )
    parser.add_argument(
        "--path-column",
        metavar="NAME",
        help="column of paths in the CSV files; by default the first",
    )
    parser.add_argument(
        "--output",
        type=path,
        default="predictions.csv",
        metavar="FILE",
        help="CSV file to write (default: %(default)s)",
    )
    parser.add_argument(
        "--isic", action="store_true", help="write the submission format of the ISIC challenges"
    )


def add_evaluate(parser):
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="model file, such as model.zip of train"
    )
    _add_data(
        parser,
        more="; if it has a training and a test split, only the test split is used",
        more_labels=" or --truth",
    )
    given = parser.add_argument_group("predictions instead of a model")
    given.add_argument(
        "--predictions", metavar="FILE", help="CSV file with the probabilities of each image"
    )
    given.add_argument("--truth", metavar="FILE", help="CSV file with the true class of each image")
    given.add_argument(
        "--metadata", metavar="FILE", help="CSV file with the lesion_id or patient_id of each image"
    )
    parser.add_argument(
        "--output",
        type=path,
        metavar="DIR",
        help="folder for the report; by default it is only printed",
    )
    _add_random_state(parser, "of the bootstrap samples")


def _add_data(parser, more="", more_labels=""):
    parser.add_argument(
        "root",
        nargs="?",
        metavar="ROOT",
        help="folder with ROOT/<class>/* or ROOT/<split>/<class>/*, with or without a metadata.csv"
        f" that has lesion_id or patient_id; or a public dataset as downloaded{more}",
    )
    data = parser.add_argument_group("the data")
    data.add_argument(
        "--dataset", metavar="NAME", help="name of the public dataset in ROOT, such as 2019"
    )
    data.add_argument(
        "--table",
        metavar="FILE",
        help="CSV file of your own that describes the images; they lie below ROOT or beside it",
    )
    for role, text in ROLES.items():
        table = f"--table{more_labels}" if role == "label" else "--table"
        data.add_argument(f"--{role}-column", metavar="NAME", help=f"column of {text}, in {table}")


def _add_output(parser, default):
    parser.add_argument(
        "--output",
        type=path,
        default=default,
        metavar="DIR",
        help="folder for all that is written (default: %(default)s)",
    )


def _add_random_state(parser, what):
    parser.add_argument(
        "--random-state",
        type=integer_from(0, 2**32 - 1),
        default=0,
        metavar="N",
        help=f"random seed {what} (default: %(default)s)",
    )
