"""Say what the library says in the words of the command: options in place of parameters."""

import re

_ROLES = "path|label|group|split"
_PREDICT = "Images without labels can be predicted: skin-lesion predict MODEL PATH."
_REPLACEMENTS = {
    rf"\bpassed as ({_ROLES})\b": r"named by --\1-column",
    rf"\band as ({_ROLES})\b": r"and by --\1-column",
    "pass split=None": "leave out --split-column",
    "Pass the folder that holds these images as root": "Give the folder of these images as ROOT",
    r"\b(?:name|release)=(?=')": "--dataset ",
    r"^(?:name|release) is (?=')": "--dataset is ",
    "pass group_by='folder'": "pass a table of the images, with --table and --group-column",
    r"use load_image_table\b": "pass it as --table, with its columns",
    "If it is a release of the ISIC archive, use load_isic_release": (
        "Keep the table of a public set beside its images, or pass a table as --table"
    ),
    r"choose another split, or add the table of labels\.": (
        f"add the table of labels to ROOT. {_PREDICT}"
    ),
    r"load another split or another table\.": f"pass a table with labels. {_PREDICT}",
    r"(Move|move) each image into a folder named after its class\.": (
        rf"\1 each image into a folder named after its class. {_PREDICT}"
    ),
    r"Load ('[^']*') with split='\w+'": r"Pass \1 as ROOT",
    r"use the same names, for example with map_labels": "rename the class folders or labels",
    r"map them with map_labels": "rename the class folders or labels",
    "^no frame was given": "no metadata were given",
    r"^no thresholds were given \(choose_thresholds finds them\)": "the command chooses none",
    r"^no images were given \(evaluate takes them\)": "tables of predictions hold no images",
    "^evaluate takes their groups": "the training images are not known",
    "<root>/": "ROOT/",
    "pass cache_dir=None": "pass another --output",
    # The only paths that the library calls so here are those of models.
    r"\bpath=(?=')": "MODEL ",
    r"\bweights=(?='|FILE)": "--weights ",
    "Expected 'imagenet', None, or a": "Expected a",
    r"for paths, set loader=ImageLoader\(image_size=\(224, 224\)\)": (
        "pass a larger --image-size, or --from-scratch, whose network takes small images"
    ),
}


def in_options(text):
    """Return a message of the library as one of the command."""
    for pattern, option in _REPLACEMENTS.items():
        text = re.sub(pattern, option, text)
    return text


def report_in_options(report):
    """Say the notes of a report, and why parts are left out, in the words of the command."""
    report.notes = [in_options(note) for note in report.notes]
    report.left_out = {part: in_options(why) for part, why in report.left_out.items()}
    return report


def describe_error(error):
    """Return the message of an error, in the words of the command."""
    if isinstance(error, BrokenPipeError):
        return (
            "What reads the output of this command ended before it, as head does. Expected it to"
            " read all: write the output to a file instead."
        )
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror}."  # without the number of the error
    return in_options(str(error))
