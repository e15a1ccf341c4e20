"""A folder whose faults are known, because they were put there."""

import copy
import shutil

import numpy as np
import pytest
from PIL import Image

from skin_lesion import make_lesion_images
from skin_lesion.audit._quality import measures as _measures


class FaultyFolder:
    """Drawn images in files, one photograph a lesion, to which faults are added.

    Rows are `paths`, `y`, `groups` and `split`, in the order in which they were added.
    """

    def __init__(self, folder):
        lesions = make_lesion_images(
            30, n_classes=3, images_per_lesion=1, image_size=(96, 128), random_state=0
        )
        self.folder = folder
        self.paths, self.y, self.groups, self.split = [], [], [], []
        for row, (image, label) in enumerate(zip(lesions.images, lesions.target, strict=True)):
            self.add(
                lambda path, image=image: Image.fromarray(image).save(path, quality=90),
                label,
                f"lesion {row}",
                "train" if row < 20 else "test",
            )

    def copy_to(self, folder):
        """Return the same in another folder."""
        copied = copy.copy(self)
        copied.folder = folder
        copied.paths = [shutil.copy(path, folder) for path in self.paths]
        copied.y, copied.groups, copied.split = [*self.y], [*self.groups], [*self.split]
        return copied

    def add(self, write, label, group, split, name=None):
        """Add a row, whose file `write(path)` makes, and return its number."""
        path = self.folder / (name or f"image {len(self.paths):03d}.jpg")
        write(path)
        self.paths.append(str(path))
        self.y.append(str(label))
        self.groups.append(group)
        self.split.append(split)
        return len(self.paths) - 1

    def add_copy(self, row, label=None, group=None, split=None):
        """Add a row with the bytes of another one."""
        return self.add(
            lambda path: shutil.copy(self.paths[row], path),
            label or self.y[row],
            group or self.groups[row],
            split or self.split[row],
        )

    def add_altered(self, row, alter, group=None, split=None, **options):
        """Add a row with what `alter` makes of the image of another one."""
        with Image.open(self.paths[row]) as image:
            altered = alter(image.convert("RGB"))
        return self.add(
            lambda path: altered.save(path, **{"quality": 85, **options}),
            self.y[row],
            group or self.groups[row],
            split or self.split[row],
        )

    def of_class(self, label, split="train"):
        """Return the rows of a class on one side."""
        return [
            row
            for row in range(len(self.paths))
            if (self.y[row], self.split[row]) == (label, split)
        ]

    @property
    def X(self):
        return np.array(self.paths).reshape(-1, 1)


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory):
    return FaultyFolder(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="session")
def measured():
    return {}


@pytest.fixture
def measure_once(measured, monkeypatch):
    """Measure each photograph in one test and remember it in the others: most have the same ones.

    What is measured is tested in quality/test_measures.py.
    """
    measure = _measures._measure

    def remember(image, *args):
        content = image.tobytes()
        if content not in measured:
            measured[content] = measure(image, *args)
        return measured[content]

    monkeypatch.setattr(_measures, "_measure", remember)


@pytest.fixture
def folder(sound_folder, tmp_path):
    """A folder without faults, to which a test may add some."""
    return sound_folder.copy_to(tmp_path)
