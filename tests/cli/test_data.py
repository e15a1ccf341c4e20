"""What the command takes a folder for, and the verb "audit"."""

import contextlib
import errno
import io
import logging
import os
import shutil
import subprocess
import sys
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion import DatasetAudit
from skin_lesion.cli import _audit, main
from skin_lesion.cli._arguments.parse import parse_arguments
from skin_lesion.cli._data import (
    _LEFT_OUT,
    find_positive,
    load_data,
    note_melanomas,
    note_without_id,
)
from skin_lesion.cli._options import in_options
from skin_lesion.cli._train import job as _job
from skin_lesion.datasets._folder.load import REASONS as _REASONS_OF_FOLDERS
from skin_lesion.datasets._isic.load import _REASONS as _REASONS_OF_RELEASES
from skin_lesion.datasets._table.dataset import _REASONS as _REASONS_OF_TABLES

PREDICTED = "Images without labels can be predicted: skin-lesion predict MODEL PATH."

pytestmark = pytest.mark.usefixtures("few_trees")


@pytest.fixture
def release(root, tmp_path):
    """Photographs of HAM10000 as they are downloaded: in two folders, with a table."""
    folder, rows = tmp_path / "ham", []
    for number, path in enumerate(sorted(root.glob("*/*/*.jpg"))):
        part = folder / f"HAM10000_images_part_{number % 2 + 1}"
        part.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, part / f"ISIC_{number:07}.jpg")
        dx = "mel" if path.parent.name == "melanoma" else "nv"
        rows.append([f"HAM_{number // 2:07}", f"ISIC_{number:07}", dx, "histo", 50, "male", "back"])
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "HAM10000_metadata.csv", index=False)
    return folder


def audit(root, output, *options):
    return main(["audit", str(root), "--output", str(output), *options])


def test_audit_of_class_folders(root, tmp_path, capsys):
    assert audit(root, tmp_path / "audit") == 0
    out = capsys.readouterr().out
    assert f"Class folders in {root}: 60 images of 2 classes" in out
    assert "Label conflicts    none" in out
    assert (tmp_path / "audit" / "audit.html").exists()
    assert len(pd.read_csv(tmp_path / "audit" / "tables" / "images.csv")) == 60


def test_a_release_is_recognised_beside_an_earlier_report(release, tmp_path, capsys):
    report = release / "skin_lesion_report"
    report.mkdir()
    (report / "predictions.csv").write_text("image,predicted,melanoma,nevus\nx,nevus,0.1,0.9\n")
    for name in ("audit.html", "report.html", "report.json"):
        (report / name).touch()
    Image.new("RGB", (8, 8)).save(report / "sample_images.png")
    assert audit(release, tmp_path / "audit") == 0
    out = capsys.readouterr().out
    assert f"HAM10000 in {release}: 60 images of 2 classes, " in out
    assert "Left out" not in out


def test_an_output_in_root_is_not_said_to_be_left_out(root, tmp_path, capsys):
    folder = tmp_path / "lesions"
    shutil.copytree(root / "Test", folder)  # the fewer images
    for _ in range(2):  # as a new folder, and as that of an earlier run
        assert audit(folder, folder / "results") == 0
        assert "Left out" not in capsys.readouterr().out
    for output in (folder / "other", tmp_path / "audit", folder / "results" / "inner"):
        assert audit(folder, output) == 0
        assert "Left out: 1 folder of reports." in capsys.readouterr().out
        shutil.rmtree(output)


def test_all_reasons_to_leave_something_out_have_words():
    known = _REASONS_OF_FOLDERS.keys() | _REASONS_OF_TABLES.keys() | _REASONS_OF_RELEASES.keys()
    assert _LEFT_OUT.keys() == known


class Pipe(io.StringIO):
    """Standard output to a program that ends after some lines, such as head."""

    def __init__(self, n_lines):
        super().__init__()
        self._n_lines = n_lines

    def write(self, text):
        if self.getvalue().count("\n") == self._n_lines:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        return super().write(text)


@pytest.mark.parametrize(
    ("verb", "n_lines", "kept"),
    [
        (["audit"], 0, set()),
        (["audit"], 1, {"audit.html", "tables"}),
        (["train", "--from-scratch"], 3, {"audit.html"}),
    ],
)
def test_an_output_that_nothing_reads(root, tmp_path, capsys, verb, n_lines, kept):
    """What was computed by then is kept."""
    with contextlib.redirect_stdout(Pipe(n_lines)):
        assert main([*verb, str(root), "--output", str(tmp_path / "output")]) == 2
    err = capsys.readouterr().err
    assert "write the output to a file" in err
    assert "Errno" not in err
    assert {path.name for path in tmp_path.glob("output/*")} == kept


def test_the_summary_is_printed_even_if_nothing_can_be_written(root, tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DatasetAudit, "to_csv", fail)
    assert audit(root, tmp_path / "audit") == 2
    printed = capsys.readouterr()
    assert "Label conflicts    none" in printed.out
    assert "No space left" in printed.err


def test_names_that_the_output_cannot_encode_are_escaped(root, tmp_path, monkeypatch):
    folder = tmp_path / "lésions"
    for name, part in (("mélanome", "melanoma"), ("nævus", "nevus")):
        shutil.copytree(root / "Train" / part, folder / name)
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(
        sys, "argv", ["skin-lesion", "audit", str(folder), "--output", str(tmp_path / "audit")]
    )
    assert main() == 0
    assert b"Class folders in " in (printed := out.buffer.getvalue())
    assert rb"l\xe9sions: 48 images" in printed


@pytest.mark.parametrize("unbuffered", ["", pytest.param("1", marks=pytest.mark.slow)])
def test_a_pipe_that_is_closed(root, tmp_path, unbuffered):
    command = [sys.executable, "-m", "skin_lesion", "audit", str(root), "--output", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 2
    assert "write the output to a file" in err
    assert "Exception ignored" not in err


_PENDING = """
import sys
from skin_lesion.cli import _audit, main

error = eval(sys.argv.pop(1))

def run(arguments):
    print("so far")
    raise error

_audit.run = run
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("error", "status"),
    [("ValueError('wrong')", 2), pytest.param("KeyboardInterrupt", 130, marks=pytest.mark.slow)],
)
def test_a_closed_pipe_does_not_change_the_status_of_an_error(error, status):
    command = [sys.executable, "-c", _PENDING, error, "audit", "ROOT"]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    reader, writer = os.pipe()
    os.close(reader)
    for stderr in (subprocess.PIPE, writer):
        ended = subprocess.run(command, env=environment, stdout=writer, stderr=stderr, check=False)
        assert ended.returncode == status
        assert b"Exception ignored" not in (ended.stderr or b"")
    os.close(writer)


def test_what_tensorflow_says_of_its_own_speed_is_not_printed(root, tmp_path, monkeypatch, caplog):
    logger = logging.getLogger("tensorflow")

    def say(_):
        logger.warning("retracing")
        logger.error("broken")

    level = logger.level
    monkeypatch.setattr(_audit, "run", say)
    assert audit(root, tmp_path / "audit") == 0
    assert caplog.messages == ["broken"]
    assert logger.level == level


def test_two_releases_are_told_apart_by_an_option(release, tmp_path, capsys):
    (release / "ISIC_2019_Training_GroundTruth.csv").write_text(
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n"
        + "".join(f"ISIC_{n:07},{n % 2},{1 - n % 2},0,0,0,0,0,0,0\n" for n in range(60))
    )
    assert audit(release, tmp_path / "audit") == 2
    assert "holds 2 datasets" in (error := capsys.readouterr().err)
    assert "Pass --dataset '2019'" in error
    assert audit(release, tmp_path / "audit", "--dataset", "2019") == 0
    assert "60 images of 2 classes" in capsys.readouterr().out


def test_class_folders_beside_a_table_of_a_release_are_asked_for(root, tmp_path, capsys):
    folder = shutil.copytree(root, tmp_path / "lesions")
    table = pd.read_csv(folder / "metadata.csv")
    table.assign(dx="nv").to_csv(folder / "metadata.csv", index=False)
    assert audit(folder, tmp_path / "audit") == 2
    assert "holds 2 datasets: 'HAM10000', 'class folders'" in (error := capsys.readouterr().err)
    assert "Pass --dataset 'HAM10000' or another" in error
    assert audit(folder, tmp_path / "audit", "--dataset", "class folders") == 0
    assert "60 images of 2 classes, 46 lesions" in (out := capsys.readouterr().out)
    assert "split into train, test" in out


def test_a_table_of_ones_own(root, tmp_path, capsys):
    folder = tmp_path / "images"
    folder.mkdir()
    rows = []
    for number, path in enumerate(sorted(root.glob("*/*/*.jpg"))):
        shutil.copy(path, folder / f"{number}.jpg")
        rows.append([f"{number}.jpg", path.parent.name, number // 2])
    table = tmp_path / "table.csv"
    pd.DataFrame(rows, columns=["file", "dx", "patient"]).to_csv(table, index=False)
    columns = ("--path-column", "file", "--label-column", "dx", "--group-column", "patient")
    assert audit(folder, tmp_path / "audit", "--table", str(table), *columns) == 0
    assert f"Table {table}: 60 images of 2 classes, 30 lesions" in capsys.readouterr().out
    wrong = ("--path-column", "file", "--label-column", "diagnosis")
    assert audit(folder, tmp_path / "audit", "--table", str(table), *wrong) == 2
    err = capsys.readouterr().err
    assert "has no column 'diagnosis', which is named by --label-column" in err
    (tmp_path / "nothing.csv").touch()
    assert audit(folder, tmp_path / "a", "--table", str(tmp_path / "nothing.csv"), *columns) == 2
    assert "nothing.csv' has no columns" in capsys.readouterr().err
    twice = ("--path-column", "file", "--label-column", "file")
    assert audit(folder, tmp_path / "audit", "--table", str(table), *twice) == 2
    assert "named by --path-column and by --label-column" in capsys.readouterr().err
    assert audit(folder, tmp_path / "audit", "--dataset", "2091") == 2
    err = capsys.readouterr().err
    assert "--dataset is '2091'. Expected" in err
    assert "The command reads" not in err
    for options, expected in (
        (("--table", str(table)), "--table needs --path-column and --label-column"),
        (("--group-column", "patient"), "--group-column names a column of --table"),
        (("--table", str(table), *columns, "--dataset", "2019"), "Expected it without --table"),
    ):
        with pytest.raises(SystemExit):
            audit(folder, tmp_path / "audit", *options)
        assert expected in capsys.readouterr().err
    (folder / "7.jpg").unlink()
    assert audit(folder, tmp_path / "audit", "--table", str(table), *columns) == 0
    printed = capsys.readouterr()
    assert "'7.jpg'" in printed.err
    assert "Left out: 1 image without a file." in printed.out
    with pytest.raises(SystemExit):
        audit(folder, tmp_path, "--table", str(table), *columns)
    assert f"could overwrite the --table in it, {table}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["release", "table", "metadata"])
def test_images_without_ids_are_no_lesions(release, tmp_path, capsys, kind):
    (release / "HAM10000_metadata.csv").unlink()
    images, options = sorted(release.glob("*/*.jpg")), []
    rows = [[path.stem, ("benign", "malignant")[n % 2], "?"] for n, path in enumerate(images)]
    table = pd.DataFrame(rows, columns=["image", "dx", "patient_id"])
    if kind == "release":
        name = release / "ISBI2016_ISIC_Part3_Training_GroundTruth.csv"
        table[["image", "dx"]].to_csv(name, index=False, header=False)
    elif kind == "table":
        table.to_csv(tmp_path / "t.csv", index=False)
        roles = {"path": "image", "label": "dx", "group": "patient_id"}
        options = [word for role in roles for word in (f"--{role}-column", roles[role])]
        options += ["--table", str(tmp_path / "t.csv")]
    else:
        for place, name in zip(sorted(release.iterdir()), "ab", strict=True):
            place.rename(release / name)
        table.assign(image="other").to_csv(release / "metadata.csv", index=False)
    assert audit(release, tmp_path / "audit", *options) == 0
    assert "60 images of 2 classes, lesions and patients unknown" in capsys.readouterr().out


def test_a_report_counts_the_images_without_an_id():
    (note,) = note_without_id(np.array([True, False, True]))
    assert note.startswith("The lesion and the patient of 1 of 3 images are unknown:")
    assert note_without_id(np.array([True, True])) == []


@pytest.mark.parametrize("name", ["nevus", "Lesion_ID"])
def test_ids_are_those_of_the_column_of_groups(root, tmp_path, capsys, name):
    """A patient is no lesion: images without one are groups of their own."""
    images = sorted(root.rglob("*.jpg"))[:6]
    table = pd.DataFrame({"file": [str(path) for path in images], "dx": list("ababab")})
    table[name], table["patient_id"] = [0, 1, 2, 3, "", ""], range(6)
    table.to_csv(tmp_path / "t.csv", index=False)
    roles = {"path": "file", "label": "dx", "group": name}
    options = [word for role in roles for word in (f"--{role}-column", roles[role])]
    arguments = parse_arguments(["audit", "--table", str(tmp_path / "t.csv"), *options])
    assert load_data(arguments).has_id.tolist() == [True] * 4 + [False] * 2
    table.assign(**{name: ""}).to_csv(tmp_path / "t.csv", index=False)
    assert load_data(arguments).groups is None


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="all names are valid Unicode")
def test_a_class_whose_name_is_not_valid_unicode_can_be_drawn(root, tmp_path):
    folder = tmp_path / "lesions"
    for name, part in (("melanoma", "melanoma"), (os.fsdecode(b"n\xe9vus"), "nevus")):
        shutil.copytree(root / "Train" / part, folder / name)
    arguments = Namespace(
        root=str(folder), table=None, dataset=None, group_column=None, output=None
    )
    data = load_data(arguments)
    assert np.unique(data.target).tolist() == ["melanoma", "n\\udce9vus"]


def test_a_cache_without_room_is_told_in_options():
    advice = in_options("Free space if its disk is full, or pass cache_dir=None.")
    assert advice == "Free space if its disk is full, or pass another --output."


def test_an_empty_folder_and_one_without_classes(tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert audit(folder, tmp_path / "audit") == 2
    assert "is an empty folder" in capsys.readouterr().err
    (folder / "notes.txt").touch()
    assert audit(folder, tmp_path / "audit") == 2
    assert "The command reads class folders" in capsys.readouterr().err
    (folder / "report.json").touch()
    Image.new("RGB", (8, 8)).save(folder / "sample_images.png")
    assert audit(folder, tmp_path / "audit") == 2
    err = capsys.readouterr().err
    assert f"{folder} holds a report of this program and no dataset. Expected class" in err
    assert not (tmp_path / "audit").exists()


def test_images_without_classes_are_sent_to_options(root, tmp_path, capsys):
    images = tmp_path / "folder" / "images"
    images.mkdir(parents=True)
    shutil.copy(next(root.glob("*/*/*.jpg")), images)
    assert audit(tmp_path / "folder", tmp_path / "audit") == 2
    error = capsys.readouterr().err
    assert "Keep the table of a public set beside its images, or pass a table as --table" in error
    assert "load_" not in error
    assert PREDICTED in error


def test_a_set_without_labels_is_sent_to_predict(release, tmp_path, capsys):
    (release / "HAM10000_metadata.csv").unlink()
    (release / "ISIC_2019_Test_Metadata.csv").write_text(
        "image,age_approx,anatom_site_general,sex\n"
        + "".join(f"ISIC_{n:07},50,head/neck,male\n" for n in range(60))
    )
    assert audit(release, tmp_path / "audit") == 2
    error = capsys.readouterr().err
    assert "None of 60 images with a file has a label in the tables of 2019" in error
    assert "add the table of labels to ROOT" in error
    assert PREDICTED in error
    table = tmp_path / "t.csv"
    table.write_text("file,dx\nISIC_0000000.jpg,\n")
    columns = ("--table", str(table), "--path-column", "file", "--label-column", "dx")
    assert audit(release, tmp_path / "audit", *columns) == 2
    error = capsys.readouterr().err
    assert "pass a table with labels" in error
    assert PREDICTED in error
    assert "split" not in error


@pytest.mark.parametrize("verb", ["train", "audit", "evaluate"])
@pytest.mark.parametrize("place", ["Train", "Train/nevus"])
def test_an_output_that_holds_images_is_refused(root, verb, place, capsys):
    before = sorted(root.rglob("*"))
    model = ["model.zip"] if verb == "evaluate" else []
    assert main([verb, *model, str(root), "--output", str(root / place)]) == 2
    assert "holds images of ROOT, such as " in capsys.readouterr().err
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("verb", ["train", "audit", "evaluate"])
def test_an_output_that_is_a_linked_class_is_refused(root, tmp_path, verb, capsys):
    folder, nevi = tmp_path / "lesions", root / "Train" / "nevus"
    shutil.copytree(root / "Train" / "melanoma", folder / "melanoma")
    (folder / "nevus").symlink_to(nevi, target_is_directory=True)
    before = sorted(nevi.iterdir())
    model = ["model.zip"] if verb == "evaluate" else []
    assert main([verb, *model, str(folder), "--output", str(folder / "nevus")]) == 2
    assert "holds images of ROOT, such as " in capsys.readouterr().err
    assert sorted(nevi.iterdir()) == before


@pytest.mark.parametrize("verb", ["train", "audit"])
def test_an_output_that_holds_images_of_a_table_is_refused(root, tmp_path, verb, capsys):
    images = shutil.copytree(root / "Train" / "nevus", tmp_path / "nevus")
    before = sorted(images.iterdir())
    table = tmp_path / "table.csv"
    rows = [[f"nevus/{path.name}", "ab"[n % 2]] for n, path in enumerate(before)]
    pd.DataFrame(rows, columns=["file", "dx"]).to_csv(table, index=False)
    options = ["--table", str(table), "--path-column", "file", "--label-column", "dx"]
    if verb == "train":
        options.append("--from-scratch")
    assert main([verb, *options, "--output", str(images)]) == 2
    assert "holds images of --table, such as " in capsys.readouterr().err
    assert sorted(images.iterdir()) == before


def test_an_output_within_root_is_no_class(root, tmp_path, capsys, monkeypatch):
    folder = shutil.copytree(root, tmp_path / "lesions")
    monkeypatch.setattr(_job, "clean", lambda *_: 1 / 0)
    for place in (folder, folder / "Train"):
        with pytest.raises(ZeroDivisionError):
            main(["train", str(folder), "--output", str(place / "out"), "--from-scratch"])
        assert "60 images of 2 classes" in capsys.readouterr().out
        assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (["melanoma", "nevus"], "melanoma"),
        (["AK", "BCC", "BKL", "DF", "MEL", "NV", "SCC", "VASC"], "MEL"),
        (["Melanoma", "Nevus", "basal cell carcinoma"], "Melanoma"),
        (["benign", "malignant"], "malignant"),
        (["basal cell carcinoma", "nevus", "squamous cell carcinoma"], None),
        (["melanoma", "melanoma in situ", "nevus"], "melanoma"),
        (["lentigo maligna", "melanoma in situ", "nevus"], None),
        (["MEL", "melanoma in situ", "NV"], "MEL"),
        (["a", "b"], None),
    ],
)
def test_the_class_of_melanomas_goes_before_others(classes, positive):
    assert find_positive(classes) == positive


def test_several_classes_of_melanomas_are_named():
    (note,) = note_melanomas(["Melanoma in situ", "Melanoma invasive", "nevus"])
    assert "2 classes are melanoma: Melanoma in situ, Melanoma invasive. Expected one." in note
    assert note_melanomas(["MEL", "melanoma in situ", "NV"]) == note_melanomas(["a", "b"]) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes no stream there")
def test_streams_that_are_closed(root, tmp_path):
    command = '"$0" -m skin_lesion audit "$1" --output "$2" >&- 2>&-'
    output = tmp_path / "audit"
    words = ["sh", "-c", command, sys.executable, str(root), str(output)]
    assert subprocess.run(words, check=False).returncode == 0
    assert (output / "audit.html").is_file()
