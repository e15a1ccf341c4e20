"""What can be said on the command line."""

import argparse
import sys
from pathlib import Path

VERBS = {
    "train": "audit a dataset, search, fit, and report; without ROOT, on images that it draws",
    "audit": "find duplicates, label conflicts, leaks and shortcuts",
    "predict": "give the probability of each class for photographs",
    "evaluate": "judge a model on other images, or predictions against their truth",
}
PRESETS = ("fast", "good", "best")
_RESEARCH = "Research software, no medical device."


def parse_arguments(argv=None):
    """Return the arguments as a namespace; wrong ones end the process with a usage message.

    What does not begin with a verb is for "train".
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv or argv[0] not in {*VERBS, "-h", "--help"}:
        argv = ["train", *argv]
    parser = argparse.ArgumentParser(
        prog="skin-lesion",
        description=f"From a folder of dermoscopic images to a classifier. {_RESEARCH}",
        epilog="skin-lesion ROOT is short for skin-lesion train ROOT. skin-lesion VERB --help lists"
        " the options of a verb.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    added = {
        name: verbs.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}. {_RESEARCH}",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        for name, text in VERBS.items()
    }
    _add_train(added["train"])
    _add_audit(added["audit"])
    _add_predict(added["predict"])
    _add_evaluate(added["evaluate"])
    arguments = parser.parse_args(argv)
    if arguments.verb != "predict":
        _check_data(added[arguments.verb], arguments)
    if arguments.verb == "evaluate":
        _check_evaluate(added["evaluate"], arguments)
    if arguments.verb == "train":
        _check_train(added["train"], arguments)
    return arguments


def _add_train(parser):
    _add_data(parser, nargs="?", more="; without it, images are drawn")
    _add_output(parser, "skin_lesion_report")
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--preset", choices=PRESETS, default="good", help="how much time to spend on training"
    )
    network.add_argument("--backbone", metavar="NAME", help="network to fine-tune")
    network.add_argument(
        "--weights", metavar="FILE", help="HDF5 file with the weights of the backbone"
    )
    network.add_argument(
        "--from-scratch", action="store_true", help="train a small network without any weights"
    )
    for name, minimum, text in (
        ("--epochs", 1, "epochs of a fit; by default those of the preset"),
        ("--image-size", 8, "height and width of images, in pixels; by default the preset's"),
        ("--batch-size", 1, "images a training step"),
    ):
        default = 32 if name == "--batch-size" else None
        network.add_argument(
            name, type=_integer_from(minimum), default=default, metavar="N", help=text
        )
    course = parser.add_argument_group("the course")
    course.add_argument(
        "--minutes",
        type=_positive,
        metavar="N",
        help="time for all fits; what it does not allow is left out; by default 5 (fast), 25 (good)"
        " or 180 (best), or as long as one fit takes",
    )
    course.add_argument(
        "--candidates",
        type=_integer_from(1),
        metavar="N",
        help="most candidates of the grid search; by default as many as time allows",
    )
    course.add_argument(
        "--resume", action="store_true", help="go on after a run into DIR that was ended"
    )
    course.add_argument(
        "--folds", type=_integer_from(2), default=3, metavar="N", help="folds of cross-validation"
    )
    course.add_argument(
        "--test-size",
        type=_fraction,
        default=0.2,
        metavar="F",
        help="share of the images to hold out where the data have no test split",
    )
    course.add_argument(
        "--random-state", type=_integer_from(0), default=0, metavar="N", help="seed of all chance"
    )
    course.add_argument(
        "--keep-faults",
        action="store_true",
        help="train and test on all images, those under several labels, copies and leaks included",
    )
    course.add_argument(
        "--compare-with-faults",
        action="store_true",
        help="fit once more, with the faults, and report that score, too",
    )


def _add_audit(parser):
    _add_data(parser, nargs="?")
    _add_output(parser, "skin_lesion_audit")


def _add_predict(parser):
    parser.add_argument("model", metavar="MODEL", help="model.zip of an earlier run")
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="photographs, folders of them, or CSV files with a column of paths",
    )
    parser.add_argument(
        "--path-column", metavar="NAME", help="column of the CSV files; by default the first"
    )
    parser.add_argument(
        "--output", default="predictions.csv", metavar="FILE", help="table to write"
    )
    parser.add_argument(
        "--isic", action="store_true", help="write the form that the ISIC challenges ask for"
    )


def _add_evaluate(parser):
    parser.add_argument("model", nargs="?", metavar="MODEL", help="model.zip of an earlier run")
    _add_data(parser, nargs="?", more="; of a test split, that alone is used")
    given = parser.add_argument_group("predictions instead of a model")
    given.add_argument("--predictions", metavar="FILE", help="table of an image and its classes")
    given.add_argument("--truth", metavar="FILE", help="table of the true classes")
    given.add_argument("--metadata", metavar="FILE", help="table with a column lesion_id")
    parser.add_argument("--output", metavar="DIR", help="where to write the report, if anywhere")
    parser.add_argument(
        "--random-state", type=_integer_from(0), default=0, metavar="N", help="seed of intervals"
    )


def _add_data(parser, nargs=None, more=""):
    parser.add_argument(
        "root",
        nargs=nargs,
        metavar="ROOT",
        help="folder of the form ROOT/<class>/* or ROOT/<split>/<class>/*, with an optional"
        f" metadata.csv that has lesion_id or patient_id, or a public set as downloaded{more}",
    )
    data = parser.add_argument_group("the data")
    data.add_argument("--dataset", metavar="NAME", help="which public set it is, such as 2019")
    data.add_argument("--table", metavar="FILE", help="your own table, whose images lie below ROOT")
    for role, text in (
        ("path", "file names"),
        ("label", "classes"),
        ("group", "lesions or patients"),
        ("split", "train, val or test"),
    ):
        data.add_argument(f"--{role}-column", metavar="NAME", help=f"column of {text}")


def _add_output(parser, default):
    parser.add_argument("--output", default=default, metavar="DIR", help="where to write")


def _check_data(parser, arguments):
    columns = (arguments.path_column, arguments.label_column)
    if arguments.table is not None and None in columns:
        parser.error("--table needs --path-column and --label-column")
    if arguments.table is None and any(columns):
        parser.error("--path-column and --label-column are those of a --table")
    if arguments.verb == "audit" and arguments.root is arguments.table is None:
        parser.error("expected ROOT, or --table FILE")


def _check_train(parser, arguments):
    if arguments.from_scratch and (arguments.backbone or arguments.weights):
        parser.error("--from-scratch takes neither --backbone nor --weights")
    if arguments.resume and not Path(arguments.output).is_dir():
        parser.error(f"--resume: there is no run to go on with in {arguments.output!r}")


def _check_evaluate(parser, arguments):
    if (arguments.predictions is None) != (arguments.truth is None):
        parser.error("--predictions and --truth go together")
    if (arguments.predictions is None) == (arguments.model is None):
        parser.error("expected either MODEL and ROOT, or --predictions FILE and --truth FILE")
    if arguments.model is not None and arguments.root is arguments.table is None:
        parser.error("expected ROOT, the images to judge the model on")


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


def _positive(text):
    return _number_between(text, 0, float("inf"), "a number above 0")


def _fraction(text):
    return _number_between(text, 0, 1, "a number between 0 and 1")


def _number_between(text, low, high, expected):
    try:
        value = float(text)
    except ValueError:
        value = low
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected {expected}")
    return value
