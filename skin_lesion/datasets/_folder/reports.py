"""Folders that the command has written: what is in them is of no class."""

import os

from ..._utils.image_files import image_extensions
from ..._utils.validation.messages import name_some
from .._reading.folder_entries import walk_files

# The folder and files that the command line writes. It begins with the lock.
_REPORT_FOLDER = "skin_lesion_report"
_REPORT_FILES = {".skin_lesion_output.lock", "audit.html", "report.html", "report.json"}
_REPORT_PICTURES = {
    *("class_counts.png", "right_predictions.png", "sample_images.png", "training_curves.png"),
}


def is_report(folder):
    """Return whether the command has written into a folder: its pictures are of no class."""
    return os.path.basename(folder) == _REPORT_FOLDER or any(
        os.path.isfile(os.path.join(folder, name)) for name in _REPORT_FILES
    )


def is_only_report(folder):
    """Return whether a folder is a report that holds no other images than the command writes."""
    return is_report(folder) and not find_images_in_reports([folder], "")


def find_images_in_reports(reports, root):
    """Return the names of the reports that hold other images than the command writes.

    The user may have written a page into a folder of a class, or have a page of the same name.
    """
    extensions = image_extensions()

    def holds_images(report):
        return os.path.basename(report) != _REPORT_FOLDER and any(
            os.path.splitext(path)[1].lower() in extensions
            and os.path.basename(path) not in _REPORT_PICTURES
            for path, _ in walk_files(os.path.join(root, report))
        )

    return [report for report in reports if holds_images(report)]


def say_images_in_reports(names, root):
    """Return what to do about them."""
    files = [
        file
        for file in sorted(_REPORT_FILES)
        if any(os.path.isfile(os.path.join(root, name, file)) for name in names)
    ]
    return (
        "These folders hold images, but were left out as reports of this library:"
        f" {name_some(names)}. Expected no report among images. To load the images, move these"
        f" files out of the folders: {', '.join(files)}."
    )
