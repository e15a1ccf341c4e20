"""What can be said on the command line."""

import argparse
import os
import sys
from pathlib import Path

from .._utils.validation.messages import did_you_mean
from ._output import UNFINISHED

VERBS = {
    "train": "audit a dataset, train a classifier, and report its test scores",
    "audit": "find duplicates, label conflicts, data leakage and shortcuts in a dataset",
    "predict": "predict the class probabilities of photographs",
    "evaluate": "evaluate a model on labelled images, or predictions against their ground truth",
}
PRESETS = ("fast", "good", "best")
# The columns of a table.
_ROLES = {
    "path": "file names",
    "label": "classes",
    "group": "lesion or patient ids",
    "split": "splits: train, val or test",
}
_RESEARCH = "Research software, not a medical device."


def parse_arguments(argv=None):
    """Return the arguments as a namespace; wrong ones end the process with a usage message.

    What begins with a folder or an option, and not with a verb, is for "train".
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="skin-lesion",
        description=f"Train and use classifiers of dermoscopic images. {_RESEARCH}",
        epilog="'skin-lesion ROOT' is short for 'skin-lesion train ROOT'. Without ROOT, train draws"
        " images. 'skin-lesion VERB --help' lists the options of a verb.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    added = {
        name: verbs.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}. {_RESEARCH}"
        )
        for name, text in VERBS.items()
    }
    _add_train(added["train"])
    _add_audit(added["audit"])
    _add_predict(added["predict"])
    _add_evaluate(added["evaluate"])
    if not argv or argv[0] not in {*VERBS, "-h", "--help"}:
        _check_verb(parser, argv)
        argv = ["train", *argv]
    arguments = parser.parse_args(argv)
    if arguments.verb == "predict":
        _check_predict(added["predict"], arguments)
    else:
        _check_data(added[arguments.verb], arguments)
    if arguments.verb == "evaluate":
        _check_evaluate(added["evaluate"], arguments)
    if arguments.verb == "train":
        _check_train(added["train"], arguments)
    return arguments


def _check_verb(parser, argv):
    """End with a message that lists the verbs if the first word is a mistyped one."""
    word = argv[0] if argv else "-"
    if word.startswith("-") or os.path.basename(word) != word or os.path.exists(word):
        return
    parser.error(
        f"{word!r} is neither a verb nor an existing folder.{did_you_mean(word, list(VERBS))}"
        f" Expected a verb ({', '.join(VERBS)}), or a folder to train on."
    )


def _add_train(parser):
    _add_data(parser, more="; without it, the command draws images and trains on these")
    _add_output(parser, "skin_lesion_report")
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--preset",
        choices=PRESETS,
        default="good",
        help="how much time to spend on training (default: %(default)s)",
    )
    network.add_argument(
        "--backbone", metavar="NAME", help="network to fine-tune; by default the preset's"
    )
    network.add_argument(
        "--weights", type=_name, metavar="FILE", help="HDF5 file with the weights of the backbone"
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
            name, type=_integer_from(minimum), default=default, metavar="N", help=text
        )
    course = parser.add_argument_group("training and evaluation")
    course.add_argument(
        "--minutes",
        type=_positive,
        metavar="N",
        help="time for the whole run without --compare-with-faults; the grid search is shortened to"
        " keep it, or else the final fit; by default 5 (fast), 45 (good) or 180 (best), or as long"
        " as one fit takes",
    )
    course.add_argument(
        "--candidates",
        type=_integer_from(1),
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
        type=_integer_from(2),
        metavar="N",
        help="number of cross-validation folds; by default 3, or 2 if the time is short",
    )
    course.add_argument(
        "--test-size",
        type=_fraction,
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


def _add_audit(parser):
    _add_data(parser)
    _add_output(parser, "skin_lesion_audit")


def _add_predict(parser):
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
        type=_name,
        default="predictions.csv",
        metavar="FILE",
        help="CSV file to write (default: %(default)s)",
    )
    parser.add_argument(
        "--isic", action="store_true", help="write the submission format of the ISIC challenges"
    )


def _add_evaluate(parser):
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="model file, such as model.zip of train"
    )
    _add_data(parser, more="; if it has a training and a test split, only the test split is used")
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
        type=_name,
        metavar="DIR",
        help="folder for the report; by default it is only printed",
    )
    _add_random_state(parser, "of the bootstrap samples")


def _add_data(parser, more=""):
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
    for role, text in _ROLES.items():
        data.add_argument(f"--{role}-column", metavar="NAME", help=f"column of {text}, in --table")


def _add_output(parser, default):
    parser.add_argument(
        "--output",
        type=_name,
        default=default,
        metavar="DIR",
        help="folder for all that is written (default: %(default)s)",
    )


def _add_random_state(parser, what):
    parser.add_argument(
        "--random-state",
        type=_integer_from(0, 2**32 - 1),
        default=0,
        metavar="N",
        help=f"random seed {what} (default: %(default)s)",
    )


def _check_data(parser, arguments):
    columns = {f"--{role}-column": getattr(arguments, f"{role}_column") for role in _ROLES}
    given = [name for name, column in columns.items() if column is not None]
    if arguments.table is not None and not {"--path-column", "--label-column"} <= set(given):
        parser.error("--table needs --path-column and --label-column")
    if arguments.table is None and given:
        parser.error(f"{given[0]} names a column of --table, which is missing")
    if arguments.table is not None and arguments.dataset is not None:
        parser.error("--dataset names a public dataset. Expected it without --table")
    if arguments.root is None and arguments.dataset is not None:
        parser.error("--dataset names the public dataset in ROOT, which is missing")
    if arguments.verb == "audit" and arguments.root is arguments.table is None:
        parser.error("found no data. Expected ROOT, or --table FILE")
    if arguments.output is not None:
        _check_output(parser, arguments)


def _check_output(parser, arguments):
    """Refuse an output amid the images, or where it could overwrite the table of the images."""
    output = os.path.realpath(arguments.output)
    if arguments.root is not None and os.path.realpath(arguments.root) == output:
        parser.error(
            f"--output {arguments.output} is ROOT itself. Expected another folder, so that nothing"
            " is written among the images"
        )
    folder = os.path.dirname(os.path.realpath(arguments.table or ""))
    if arguments.table is not None and folder in (output, os.path.join(output, "tables")):
        parser.error(
            f"--output {arguments.output} could overwrite the --table in it, {arguments.table}."
            " Expected another folder"
        )


def _check_train(parser, arguments):
    if arguments.from_scratch and (arguments.backbone or arguments.weights):
        parser.error("--from-scratch takes neither --backbone nor --weights")
    if arguments.keep_faults and arguments.compare_with_faults:
        parser.error(
            "--keep-faults trains only with the faults, so that --compare-with-faults has nothing"
            " to compare. Expected one of them"
        )
    if arguments.backbone == "cnn" and arguments.weights:
        parser.error("--backbone cnn is trained from scratch and takes no --weights")
    if arguments.root is arguments.table is None and (
        arguments.weights or arguments.backbone not in (None, "cnn")
    ):
        parser.error(
            "--backbone and --weights need ROOT, or --table FILE. Without them, a small network is"
            " trained on drawn images"
        )
    if arguments.resume and not Path(arguments.output, UNFINISHED).is_dir():
        parser.error(
            f"--resume: {arguments.output!r} holds no interrupted run. Expected the --output of"
            " one. Leave out --resume to begin anew"
        )


def _check_predict(parser, arguments):
    if arguments.path_column and not any(p.lower().endswith(".csv") for p in arguments.paths):
        parser.error("--path-column names a column of CSV files, and no PATH is one")


def _check_evaluate(parser, arguments):
    if (arguments.predictions is None) != (arguments.truth is None):
        parser.error("--predictions and --truth need each other")
    if (arguments.predictions is None) == (arguments.model is None):
        parser.error("expected either MODEL and ROOT, or --predictions FILE and --truth FILE")
    if arguments.model is None:
        if arguments.table is not None:
            parser.error(
                "--table belongs to MODEL. Expected --truth for the classes, and --metadata for"
                " the lesions"
            )
        return
    if arguments.root is arguments.table is None:
        parser.error("expected ROOT, the images to evaluate the model on")
    if arguments.metadata is not None:
        parser.error(
            "--metadata belongs to --predictions. For a model, ROOT or --table has lesions"
        )


def _name(text):
    """Refuse an empty name, as an unset variable of a shell gives: it stands for this folder."""
    if not text:
        raise argparse.ArgumentTypeError("found '', expected a name")
    return text


def _integer_from(minimum, maximum=float("inf")):
    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            limits = f" and at most {maximum}" if value > maximum else ""
            raise argparse.ArgumentTypeError(
                f"found {text!r}, expected a whole number of at least {minimum}{limits}"
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
