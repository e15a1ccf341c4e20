"""The folder of drawn images, read again from disk."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion.datasets import make_lesion_images, write_lesion_folder


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "new" / "lesions"
    return write_lesion_folder(
        str(folder), 90, images_per_lesion=2, image_size=(24, 36), random_state=0
    )


@pytest.fixture(scope="module")
def metadata(root):
    return pd.read_csv(root / "metadata.csv")


def test_metadata_and_files_agree(root, metadata):
    assert isinstance(root, Path)
    assert metadata.columns.tolist() == ["image_id", "lesion_id", "diagnosis", "split"]
    assert metadata["image_id"].tolist() == [f"drawn_{row:06d}" for row in range(90)]

    expected = {
        Path(row.split, row.diagnosis, f"{row.image_id}.jpg") for row in metadata.itertuples()
    }
    assert {path.relative_to(root) for path in root.rglob("*.jpg")} == expected
    assert {path.name for path in root.iterdir()} == {"metadata.csv", "Test", "Train"}


def test_files_hold_the_drawn_images(root, metadata):
    lesions = make_lesion_images(
        90, images_per_lesion=2, image_size=(24, 36), random_state=np.random.RandomState(0)
    )
    assert metadata["diagnosis"].tolist() == lesions.target.tolist()
    assert metadata["lesion_id"].tolist() == lesions.groups.tolist()
    for row, image in zip(metadata.itertuples(), lesions.images, strict=True):
        with Image.open(root / row.split / row.diagnosis / f"{row.image_id}.jpg") as file:
            assert (file.format, file.mode, file.size) == ("JPEG", "RGB", (36, 24))
            assert np.abs(np.asarray(file, dtype=int) - image).mean() < 6


def test_no_lesion_is_on_both_sides_and_every_class_is(root, metadata):
    assert metadata.groupby("lesion_id")["split"].nunique().max() == 1
    assert metadata.groupby("diagnosis")["split"].nunique().min() == 2
    assert (metadata["split"] == "Test").mean() == pytest.approx(0.2, abs=0.07)
    for split in ("Train", "Test"):
        folders = sorted(path.name for path in (root / split).iterdir())
        assert folders == sorted(metadata["diagnosis"].unique())


def test_same_random_state_writes_the_same_folder(root, metadata, tmp_path):
    again = write_lesion_folder(
        tmp_path, 90, images_per_lesion=2, image_size=(24, 36), random_state=0
    )
    pd.testing.assert_frame_equal(pd.read_csv(again / "metadata.csv"), metadata)
    for path in root.rglob("*.jpg"):
        assert (again / path.relative_to(root)).read_bytes() == path.read_bytes()


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(FileExistsError, match=r"1 entries, such as 'mine.txt'. Expected"):
        write_lesion_folder(tmp_path, 20, image_size=(16, 16))
    with pytest.raises(FileExistsError, match="is a file"):
        write_lesion_folder(tmp_path / "mine.txt", 20, image_size=(16, 16))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 9}, "'actinic keratosis' has 1 lesion"),
        ({"n_samples": 20, "n_classes": 2, "images_per_lesion": 10}, "decrease images_per_lesion"),
        ({"n_samples": 8}, "less than n_classes"),
        ({"test_size": 1.5}, "'test_size' parameter"),
        ({"n_samples": 20, "test_size": 20}, "leaves none of 20 rows for training"),
    ],
)
def test_nothing_is_written_where_parameters_are_bad(tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        write_lesion_folder(tmp_path / "new", **{"image_size": (16, 16), **parameters})
    assert not (tmp_path / "new").exists()


# In one process after the other, each forked from one that has imported everything.
_ENDED_AT_A_RENAME = """
import gc, json, os, signal, sys
from skin_lesion import write_lesion_folder

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored

def end_at_a_rename(root, number, n_renamed):
    def hook(event, arguments):
        nonlocal n_renamed
        if event == "os.rename":
            n_renamed -= 1
            if n_renamed < 0:
                os.kill(os.getpid(), number)

    sys.addaudithook(hook)
    write_lesion_folder(root, 20, n_classes=2, image_size=(16, 16), random_state=0)

gc.freeze()  # or each process copies all of it, page by page, when it collects garbage at its end
statuses = []
for case in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        end_at_a_rename(*case)
        sys.exit()
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(statuses))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """How the process of each case ended, and the folder that it left, by signal and renames."""
    cases = [(getattr(signal, name), n) for name in ("SIGKILL", "SIGINT") for n in range(3)]
    roots = [tmp_path_factory.mktemp("ended") for _ in cases]
    arguments = json.dumps([(str(root), *case) for root, case in zip(roots, cases, strict=True)])
    process = subprocess.run(
        [sys.executable, "-c", _ENDED_AT_A_RENAME, arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(zip(cases, zip(json.loads(process.stdout), roots, strict=True), strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize("number", ["SIGKILL", "SIGINT"])
@pytest.mark.parametrize("n_renamed", [0, 1, 2])
def test_ended_while_the_parts_take_their_places_the_next_call_starts_anew(
    ended, n_renamed, number
):
    number = getattr(signal, number)
    status, folder = ended[number, n_renamed]
    assert status == -number
    left = [path.name for path in folder.iterdir()]
    assert len(left) == (1 + n_renamed if number == signal.SIGKILL else 0)
    assert "metadata.csv" not in left

    root = write_lesion_folder(folder, 20, n_classes=2, image_size=(16, 16), random_state=1)

    assert sorted(path.name for path in root.iterdir()) == ["Test", "Train", "metadata.csv"]
    assert len(list(root.rglob("*.jpg"))) == len(pd.read_csv(root / "metadata.csv")) == 20
