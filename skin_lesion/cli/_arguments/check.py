"""Refuse options that do not go together, before anything is read."""

import os
from pathlib import Path

from .._output import PLAN, UNFINISHED
from .options import ROLES


def check_data(parser, arguments):
    columns = {f"--{role}-column": getattr(arguments, f"{role}_column") for role in ROLES}
    given = [name for name, column in columns.items() if column is not None]
    if arguments.table is not None and not {"--path-column", "--label-column"} <= set(given):
        parser.error("--table needs --path-column and --label-column")
    if given == ["--label-column"] and getattr(arguments, "truth", None) is not None:
        given = []
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


def check_train(parser, arguments):
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
    if arguments.resume and not Path(arguments.output, UNFINISHED, PLAN).is_file():
        parser.error(
            f"--resume: {arguments.output!r} holds no interrupted run. Expected the --output of"
            " one. Leave out --resume to begin anew"
        )


def check_predict(parser, arguments):
    if arguments.path_column and not any(p.lower().endswith(".csv") for p in arguments.paths):
        parser.error("--path-column names a column of CSV files, and no PATH is one")


def check_evaluate(parser, arguments):
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
