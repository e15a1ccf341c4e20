"""Read the words of the command line."""

import argparse
import os
import sys

from ..._utils.validation.messages import did_you_mean
from .check import check_data, check_evaluate, check_predict, check_train
from .options import add_audit, add_evaluate, add_predict, add_train

VERBS = {
    "train": "audit a dataset, train a classifier, and report its test scores",
    "audit": "find duplicates, label conflicts, data leakage and shortcuts in a dataset",
    "predict": "predict the class probabilities of photographs",
    "evaluate": "evaluate a model on labelled images, or predictions against their ground truth",
}
_RESEARCH = "Research software, not a medical device."


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Say what is wrong, without the usage: all options of a verb would take a page."""
        message = f"{message.rstrip('.')}. {self.prog} --help lists the options."
        self.exit(2, f"{self.prog}: error: {message}\n")


def parse_arguments(argv=None):
    """Return the arguments as a namespace; wrong ones end the process with a message.

    What begins with a folder or an option, and not with a verb, is for "train".
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = _Parser(
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
    add_train(added["train"])
    add_audit(added["audit"])
    add_predict(added["predict"])
    add_evaluate(added["evaluate"])
    if not argv or argv[0] not in {*VERBS, "-h", "--help"}:
        _check_verb(parser, argv)
        argv = ["train", *argv]
    arguments = parser.parse_args(argv)
    if arguments.verb == "predict":
        check_predict(added["predict"], arguments)
    else:
        check_data(added[arguments.verb], arguments)
    if arguments.verb == "evaluate":
        check_evaluate(added["evaluate"], arguments)
    if arguments.verb == "train":
        check_train(added["train"], arguments)
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
