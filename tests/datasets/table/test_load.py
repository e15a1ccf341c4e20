import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skin_lesion import ImageLoader, audit_dataset, load_image_table, make_lesion_images

ROWS = [
    "file,dx,patient",
    "a.jpg,NEV,1",
    "b.jpg,ACK,1",
    "c.jpg,MEL,2",
]


@pytest.fixture(autouse=True)
def quietly():
    """Any warning that no test asks for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.fixture
def lesions(tmp_path):
    """A table and its images, empty files: none may be opened."""
    write(tmp_path / "table.csv", ROWS)
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    return tmp_path


def write(path, lines, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def load(folder, rows=None, **parameters):
    if rows is not None:
        write(folder / "table.csv", rows)
    parameters = {"path": "file", "label": "dx", **parameters}
    return load_image_table(folder / "table.csv", **parameters)


def relative(dataset, root):
    return [Path(path).relative_to(root).as_posix() for path in dataset.data[:, 0]]


def test_what_is_returned(lesions):
    dataset = load(lesions, group="patient")
    assert relative(dataset, lesions) == ["a.jpg", "b.jpg", "c.jpg"]
    assert dataset.data.shape == (3, 1)
    assert dataset.data.dtype.kind == dataset.target.dtype.kind == dataset.groups.dtype.kind == "U"
    assert dataset.target.tolist() == ["NEV", "ACK", "MEL"]
    assert dataset.target_names.tolist() == ["ACK", "MEL", "NEV"]
    assert dataset.groups.tolist() == ["1", "1", "2"]
    assert dataset.split is None
    assert dataset.left_out == {}
    assert dataset.missing.tolist() == []
    assert list(dataset.frame) == ["path", "target", "patient"]
    assert dataset.label_account["n_rows"].tolist() == [1, 1, 1]
    assert "Groups: 2, by patient." in dataset.DESCR


def test_the_same_of_a_file_and_a_frame(lesions):
    frame = pd.read_csv(lesions / "table.csv")
    of_file = load(lesions, group="patient", root=str(lesions))
    of_frame = load_image_table(frame, lesions, path="file", label="dx", group="patient")
    for name in ("data", "target", "groups"):
        np.testing.assert_array_equal(of_file[name], of_frame[name])
    X, y = load_image_table(frame, lesions, path="file", label="dx", return_X_y=True)
    np.testing.assert_array_equal(X, of_file.data)
    np.testing.assert_array_equal(y, of_file.target)


def test_images_are_read_by_what_is_returned(tmp_path):
    from PIL import Image

    drawn = make_lesion_images(2, n_classes=2, image_size=(16, 16), random_state=0)
    for name, image in zip("ab", drawn.images, strict=True):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    table = pd.DataFrame({"id": ["a", "b"], "dx": drawn.target})
    dataset = load_image_table(table, tmp_path, path="id", label="dx")
    assert (ImageLoader((16, 16)).fit_transform(dataset.data) == drawn.images).all()


def test_relative_paths_of_a_frame_are_of_the_current_folder(lesions, monkeypatch):
    monkeypatch.chdir(lesions)
    table = pd.DataFrame({"file": ["a.jpg", str(lesions / "b.jpg")], "dx": ["NEV", "MEL"]})
    dataset = load_image_table(table, path="file", label="dx")
    assert dataset.data[:, 0].tolist() == [os.path.join(".", "a.jpg"), str(lesions / "b.jpg")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_separators_byte_order_marks_and_order_of_columns(lesions, separator, encoding, order):
    lines = [separator.join(np.array(row.split(","))[order]) for row in ROWS]
    write(lesions / "table.csv", lines, encoding=encoding)
    dataset = load(lesions, group="patient")
    assert dataset.target.tolist() == ["NEV", "ACK", "MEL"]
    assert dataset.groups.tolist() == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("img1", "img1.jpg"),
        ("img1.jpg", "img1.jpg"),
        ("img1", "part_1/deeper/img1.png"),
        ("IMG1.JPG", "part_1/img1.jpg"),
        ("./part_1/img1.jpg", "part_1/img1.jpg"),
        ("part_1\\img1.jpg", "part_1/img1.jpg"),
        ("/home/other/data/part_1/img1.jpg", "part_1/img1.jpg"),
        ("part_1/img1.jpg", "images/part_1/img1.jpg"),
        ("1.2.840.10", "1.2.840.10.png"),
        ("007", "007.jpg"),
    ],
)
def test_ways_to_name_a_file(tmp_path, name, file):
    touch(tmp_path, file, "other.jpg")
    dataset = load(tmp_path, ["file,dx", f"{name},NEV", "other.jpg,MEL"])
    assert relative(dataset, tmp_path) == [file, "other.jpg"]


@pytest.mark.parametrize("folder", ["p1/", "P1/", "p1\\", "/home/other/data/p1/", "D:\\scan\\p1\\"])
@pytest.mark.parametrize("above", ["", "images/"])
def test_a_missing_image_of_a_folder_that_is_there(tmp_path, folder, above):
    """The table was filtered: nothing else in it names the file of the other patient."""
    touch(tmp_path, *(f"{above}{name}.jpg" for name in ("p1/1", "p1/2", "p2/1", "p2/3")))
    rows = ["file,dx", *(f"{folder}{n}.jpg,NEV" for n in (1, 2, 3))]
    with pytest.raises(FileNotFoundError, match=r"^1 of 3 images .*3.jpg'. Expected .* the folder"):
        load(tmp_path, rows)
    with pytest.warns(UserWarning, match=r"^1 of 3 images .* no file"):
        dataset = load(tmp_path, rows, missing="leave_out")
    assert relative(dataset, tmp_path) == [f"{above}p1/1.jpg", f"{above}p1/2.jpg"]


def test_an_image_of_a_folder_that_is_not_there(tmp_path):
    """It may be that of a patient."""
    touch(tmp_path, "p1/1.jpg", "p2/2.jpg", "p2/3.jpg")
    for first in ("D:\\scan\\", ""):
        rows = ["file,dx", f"{first}p1/1.jpg,NEV", f"{first}p2/2.jpg,MEL"]
        assert relative(load(tmp_path, rows), tmp_path) == ["p1/1.jpg", "p2/2.jpg"]
        message = r"^1 image of .* in other folders than .*3.jpg' for .*p3/3.jpg'. If this"
        with pytest.warns(UserWarning, match=message) as caught:
            load(tmp_path, [*rows, f"{first}p3/3.jpg,MEL"])
        assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (("/kaggle/part_1", "/kaggle/part_2"), ("1.jpg", "2.jpg")),
        (("mel", "nv"), ("1.jpg", "2.jpg")),
        (("D:\\a\\p1", "E:\\b\\p2"), ("p1/1.jpg", "p2/2.jpg")),
    ],
)
def test_images_that_were_moved_together(tmp_path, folders, files):
    touch(tmp_path, *files)
    rows = [f"{folders[0]}/1.jpg,MEL", f"{folders[1]}/2.jpg,NEV"]
    assert relative(load(tmp_path, ["file,dx", *rows]), tmp_path) == list(files)


def test_another_extension_is_said(tmp_path):
    touch(tmp_path, "a.png")
    with pytest.warns(UserWarning, match=r"Loaded 1 image file with another extension .*'a.jpg'"):
        dataset = load(tmp_path, ["file,dx", "a.jpg,NEV"])
    assert relative(dataset, tmp_path) == ["a.png"]


def test_the_plainest_of_several_files_is_taken(tmp_path):
    touch(tmp_path, "a/img.jpg", "a/resized/img.jpg")
    with pytest.warns(UserWarning, match="1 additional file.* shortest path"):
        dataset = load(tmp_path, ["file,dx", "img,NEV"])
    assert relative(dataset, tmp_path) == ["a/img.jpg"]
    assert dataset.left_out == {"doubles": 1}


def test_masks_are_no_images(tmp_path):
    touch(tmp_path, "masks/img.png", "masks/a/img.png", "images/a/img.jpg")
    assert relative(load(tmp_path, ["file,dx", "img,NEV"]), tmp_path) == ["images/a/img.jpg"]


def test_pictures_of_a_report_are_no_images(tmp_path):
    touch(tmp_path, "out/report.json", "out/sample_images.png", "images/sample_images.jpg")
    dataset = load(tmp_path, ["file,dx", "sample_images,NEV"])
    assert relative(dataset, tmp_path) == ["images/sample_images.jpg"]


def test_a_file_of_another_folder_is_not_taken_for_one_that_is_missing(tmp_path):
    """Patients' folders hold files of the same names."""
    touch(tmp_path, "p1/img.jpg")
    with pytest.warns(UserWarning, match=r"1 of 2 images .* no file.*'p2/img.jpg'"):
        dataset = load(
            tmp_path, ["file,dx", "p1/img.jpg,NEV", "p2/img.jpg,MEL"], missing="leave_out"
        )
    assert relative(dataset, tmp_path) == ["p1/img.jpg"]


def test_missing_images_are_an_error_that_names_five(lesions):
    rows = [*ROWS, *(f"lost_{n}.jpg,NEV,3" for n in range(7))]
    with pytest.raises(FileNotFoundError, match=r"^7 of 10 images of") as raised:
        load(lesions, rows)
    message = str(raised.value)
    assert "'lost_4.jpg' and 2 more" in message
    assert "Found 3 image file(s)" in message
    assert "images as root" in message
    assert message.endswith("or missing='leave_out' to load the others.")
    with pytest.warns(UserWarning, match=r"7 of 10 images .* They are left out"):
        dataset = load(lesions, missing="leave_out")
    assert dataset.left_out == {"missing": 7}
    assert dataset.missing.tolist() == [f"lost_{n}.jpg" for n in range(7)]


@pytest.mark.parametrize("missing", ["raise", "leave_out"])
def test_images_of_another_set(tmp_path, missing):
    touch(tmp_path, "x.jpg")
    with pytest.raises(FileNotFoundError, match=r"1 of 1 images .* Found 1 image file.*x.jpg"):
        load(tmp_path, ["file,dx", "a.jpg,NEV"], missing=missing)


def test_a_column_that_is_not_there(lesions):
    with pytest.raises(ValueError, match=r"no column 'diagnosis', which is passed as label") as e:
        load(lesions, label="diagnosis")
    assert "'file', 'dx', 'patient'" in str(e.value)
    with pytest.raises(ValueError, match=r"passed as group.*Did you mean 'patient'\?"):
        load(lesions, group="patients")
    with pytest.raises(ValueError, match="'dx' is passed as label and as split"):
        load(lesions, split="dx")
    with pytest.raises(ValueError, match=r"more than one column with the name\(s\) 'dx'"):
        load(lesions, ["file,dx,dx", "a.jpg,NEV,NEV"])
    with pytest.raises(ValueError, match="at most two columns of groups"):
        load(lesions, group=["a", "b", "c"])


def test_repeated_rows(lesions):
    with pytest.warns(UserWarning, match="1 repeated rows of the same image are left out"):
        dataset = load(lesions, [*ROWS, "a,NEV,1"], group="patient")
    assert dataset.left_out == {"repeated": 1}
    with pytest.raises(ValueError, match=r"contradictory rows for .* The label of .*a.jpg'.*'NEV'"):
        load(lesions, [*ROWS, "a,MEL,1"])
    with pytest.raises(ValueError, match=r"The patient of .*a.jpg' is '1' in one row and '5'"):
        load(lesions, [*ROWS, "a.jpg,NEV,5"], group="patient")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "rows",
    [
        ['a,"x,mel', 'b,"y,nv'],
        ['a,"x,mel', 'b,"y,nv', "", "", ""],
        ['a,"irregular,mel', "b,x,nv", 'c,"flat,nv', "d,y,mel"],
        ['a,"irregular,mel', "b,x,nv", 'c,flat",nv', "d,y,mel"],
        ['a, "irregular,mel', 'b,"flat,nv', "c,,nv"],
        ['a,"flat, ""brown""",mel', 'b,"5mm,mel', 'c,"x",nv'],
    ],
)
def test_quotation_marks_that_join_rows(lesions, rows, end):
    """The lines between two marks would be lost, and the first image get the last label."""
    path = lesions / "table.csv"
    path.write_bytes(end.join(["file,note,dx", *rows]).encode())
    line = 3 if "5mm" in rows[1] else 2
    message = rf"table.csv' cannot be read: the quoted cell that begins in line {line} .* Remove"
    with pytest.raises(ValueError, match=message):
        load(lesions)


def test_quotation_marks_that_join_rows_with_blanks_behind_commas(lesions):
    rows = ["file, note, dx", 'a, "x, mel', "b, y, nv", 'c, "z, nv', "d, a, nv"]
    with pytest.raises(ValueError, match=r"the quoted cell that begins in line 2 holds 3 lines"):
        load(lesions, rows)


def test_notes_of_several_lines(lesions):
    notes = [
        'flat, brown,\nirregular, small, dark,\n"new"',
        'said "itches, bleeds,\nx,"',
        '\n\n,\n5 x 4"',
    ]
    table = pd.DataFrame({"note": notes, "file": ["a", "b", "c"], "dx": ["NEV", "ACK", "MEL"]})
    for names in (["note", "file", "dx"], ["file", "note", "dx"], ["file", "dx", "note"]):
        for end in ("\n", "\r\n"):
            table.to_csv(lesions / "table.csv", columns=names, index=False, lineterminator=end)
            dataset = load(lesions)
            assert dataset.frame["note"].tolist() == notes
            assert dataset.target.tolist() == ["NEV", "ACK", "MEL"]
    # Marks inside a cell are no quotation: nothing is lost.
    rows = ["file,note,dx", 'a,5" wide,NEV', 'b,said "x,ACK', 'c,"so" it said,MEL']
    assert load(lesions, rows).target.tolist() == ["NEV", "ACK", "MEL"]


def test_rows_without_label_or_name(lesions):
    rows = [*ROWS[:3], "c.jpg,unknown,2", ",MEL,2"]
    with pytest.warns(UserWarning, match="are left out") as warned:
        dataset = load(lesions, rows)
    assert dataset.left_out == {"without_label": 1, "without_path": 1}
    texts = [str(warning.message) for warning in warned]
    assert any("1 rows without a label are left out" in text for text in texts)
    assert any("1 rows that name no image are left out" in text for text in texts)
    with pytest.raises(ValueError, match=r"None of 1 row .* label in \['dx'\]"):
        load(lesions, ["file,dx", "a.jpg,"])
    with pytest.raises(ValueError, match="has no rows"):
        load(lesions, ["file,dx"])


def test_none_is_a_label_in_a_file_and_in_a_frame(lesions):
    rows = ["file,dx", "a.jpg,None", "b.jpg,NA", "c.jpg,7"]
    frame = pd.DataFrame([row.split(",") for row in rows[1:]], columns=["file", "dx"])
    write(lesions / "table.csv", rows)
    for table in (frame, lesions / "table.csv"):
        with pytest.warns(UserWarning, match="1 rows without a label are left out"):
            dataset = load_image_table(table, lesions, path="file", label="dx")
        assert dataset.target.tolist() == ["None", "7"]
        assert dataset.left_out == {"without_label": 1}


def test_columns_of_0_and_1(lesions):
    rows = ["file,MEL,NEV", "a.jpg,1.0,0.0", "b.jpg,0,1", "c.jpg,0,1"]
    dataset = load(lesions, rows, label=["MEL", "NEV"])
    assert dataset.target.tolist() == ["MEL", "NEV", "NEV"]
    assert list(dataset.frame) == ["path", "target"]
    rows[2] = "b.jpg,1,1"
    with pytest.raises(ValueError, match=r"csv' has 1 row.*'b.jpg of row 2' with MEL=1.*sum 2"):
        load(lesions, rows, label=["MEL", "NEV"])


def test_columns_of_true_and_false(lesions):
    rows = ["file,MEL,NEV", "a.jpg,True,False", "b.jpg,FALSE,TRUE ", "c.jpg,false,true"]
    assert load(lesions, rows, label=["MEL", "NEV"]).target.tolist() == ["MEL", "NEV", "NEV"]
    table = pd.DataFrame({"file": ["a.jpg", "b.jpg"], "MEL": [True, False], "NEV": [False, True]})
    dataset = load_image_table(table, lesions, path="file", label=["MEL", "NEV"])
    assert dataset.target.tolist() == ["MEL", "NEV"]


def test_numbers_as_labels_keep_their_form(lesions):
    rows = ["file,dx", "a.jpg,0", "b.jpg,1"]
    assert load(lesions, rows).target.tolist() == ["0", "1"]
    table = pd.DataFrame({"file": ["a.jpg", "b.jpg", "c.jpg"], "dx": [0, 1, np.nan]})
    with pytest.warns(UserWarning, match="1 rows without a label"):
        dataset = load_image_table(table, lesions, path="file", label="dx")
    assert dataset.target.tolist() == ["0", "1"]


def test_names_of_groups_do_not_depend_on_the_other_rows(lesions):
    """Otherwise a patient in the tables of two splits could have two names."""
    rows = {"a.jpg": ("5", "11"), "b.jpg": (None, "5"), "c.jpg": ("6", "12")}
    table = pd.DataFrame(rows.values(), columns=["patient", "lesion"]).assign(
        file=list(rows), dx="NEV"
    )
    options = {"path": "file", "label": "dx", "group": ["patient", "lesion"]}
    groups = load_image_table(table, lesions, **options).groups.tolist()
    assert groups == ["5", "lesion 5", "6"]
    for row in range(3):
        alone = load_image_table(table[row : row + 1], lesions, **options)
        assert alone.groups.tolist() == groups[row : row + 1]
    options["group"] = ["lesion", "patient"]
    groups = load_image_table(table, lesions, **options).groups.tolist()
    assert groups == ["11", "5", "12"]


def test_images_are_below_the_folder_that_is_named(lesions, tmp_path_factory):
    """Such as resized copies of the images whose paths the table holds."""
    names = ["a.jpg", "b.jpg", "c.jpg"]
    table = pd.DataFrame({"file": [str(lesions / name) for name in names], "dx": "NEV"})
    options = {"path": "file", "label": "dx"}
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    small = elsewhere / "small" / "x"
    touch(small, *names)
    found = load_image_table(table, small.parent, **options).data[:, 0].tolist()
    assert found == [str(small / name) for name in names]
    # Also by a path that leads out of it, and not by another name of the folder itself.
    table["file"] = [os.path.relpath(lesions / name, small) for name in names]
    found = load_image_table(table, small, **options).data[:, 0].tolist()
    assert found == [str(small / name) for name in names]
    (elsewhere / "link").symlink_to(lesions)
    table["file"] = [str(elsewhere / "link" / name) for name in names]
    assert (
        load_image_table(table, lesions, **options).data.ravel().tolist() == table["file"].tolist()
    )
    (small / "c.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 3 images .* have no file below .*x"):
        load_image_table(table, small, **options)
    # Without a folder, paths are those of the table.
    assert load_image_table(table, **options).data.ravel().tolist() == table["file"].tolist()


def test_groups_of_patient_and_lesion(lesions):
    rows = ["file,dx,patient,lesion", "a.jpg,NEV,P1,L1", "b.jpg,NEV,,L1", "c.jpg,MEL,?,-1"]
    with pytest.warns(UserWarning, match=r"1 of 3 images have no patient or lesion .* 'c.jpg'"):
        dataset = load(lesions, rows, group=["patient", "lesion"])
    assert dataset.groups.tolist() == ["P1", "P1", "image c.jpg"]
    assert "by patient, else lesion" in dataset.DESCR
    assert load(lesions, rows).groups is None


@pytest.mark.parametrize("as_file", [True, False])
def test_frame_has_ids_as_the_audit_looks_for_them(lesions, as_file):
    table = pd.DataFrame(
        {
            "file": ["a.jpg", "b.jpg", "c.jpg"],
            "dx": ["NEV", "MEL", "MEL"],
            "Patient_ID": [1.0, 1.0, 2.0],
            "LESION_ID": ["L1", "L1", "unknown"],
        }
    )
    if as_file:
        table.to_csv(lesions / "table.csv", index=False)
        table = lesions / "table.csv"
    dataset = load_image_table(table, lesions, path="file", label="dx", group="Patient_ID")
    assert "by Patient_ID" in dataset.DESCR
    assert list(dataset.frame) == ["path", "target", "patient_id", "lesion_id"]
    assert dataset.frame["patient_id"].tolist() == ["1", "1", "2"]
    assert dataset.frame["lesion_id"].tolist()[:2] == ["L1", "L1"]
    assert dataset.frame["lesion_id"].isna().tolist() == [False, False, True]
    audit = audit_dataset(dataset.data, dataset.target, groups=dataset.groups, frame=dataset.frame)
    assert "labels of one lesion" not in audit.not_checked
    assert audit.group_conflicts[["kind", "rows"]].values.tolist() == [
        ["labels of one lesion", (0, 1)]
    ]


def test_ids_in_two_spellings(lesions):
    """The one in lower case is used, as by the audit."""
    rows = ["file,dx,Lesion_ID,lesion_id,PATIENT_ID,Patient_ID"]
    rows += [f"{name}.jpg,NEV,L{name},{name},P{name},{name}" for name in "abc"]
    frame = load(lesions, rows, group="Lesion_ID").frame
    assert frame["lesion_id"].tolist() == ["a", "b", "c"]
    assert frame["Lesion_ID"].tolist() == ["La", "Lb", "Lc"]
    assert frame["patient_id"].tolist() == ["Pa", "Pb", "Pc"]
    assert frame["Patient_ID"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("blank", ["", "unknown", "-1", "?"])
def test_images_without_a_group_are_named(lesions, blank):
    rows = ["file,dx,patient", f"a.jpg,NEV,{blank}", f"b.jpg,ACK,{blank}", "c.jpg,MEL,7"]
    message = r"^2 of 3 images have no patient in '.*table.csv'. The first is 'a.jpg'. Each of them"
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load(lesions, rows, group="patient")
    assert dataset.groups.tolist() == ["image a.jpg", "image b.jpg", "7"]
    assert [warning.filename for warning in caught] == [__file__]


def test_patients_in_two_spellings(lesions):
    """An accent may be stored with its letter or apart from it, also in rows of one image."""
    rows = ["file,dx,patient", "a.jpg,NEV,M\u00fcller", "b.jpg,ACK,Mu\u0308ller", "c.jpg,MEL,x"]
    dataset = load(lesions, rows, group="patient")
    assert dataset.groups.tolist() == ["M\u00fcller", "M\u00fcller", "x"]
    with pytest.warns(UserWarning, match="1 repeated row"):
        dataset = load(lesions, [*rows, "b.jpg,ACK,M\u00fcller"], group="patient")
    assert len(set(dataset.groups)) == 2

    rows = ["file,dx,patient,lesion", "a.jpg,NEV,pat_8,1", "b.jpg,ACK,pat_9,2", "c.jpg,MEL,PAT_8,3"]
    message = r"^These values of 'patient' differ only by .* case.*: 'pat_8', 'PAT_8'. Expected one"
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load(lesions, rows, group=["patient", "lesion"])
    assert [warning.filename for warning in caught] == [__file__]
    assert len(set(dataset.groups)) == 3


def test_patient_0_is_not_split_up_without_a_word(lesions):
    table = pd.DataFrame(
        {"file": ["a.jpg", "b.jpg", "c.jpg"], "dx": ["NEV", "MEL", "MEL"], "patient": [0, 0, 2]}
    )
    options = {"path": "file", "label": "dx", "group": "patient"}
    with (
        pytest.warns(UserWarning, match="^2 of 3 images have no patient in the table"),
        pytest.warns(UserWarning, match=r"^2 image\(s\) have the patient 0 .* no patient is 1"),
    ):
        dataset = load_image_table(table, lesions, **options)
    assert dataset.groups.tolist() == ["image a.jpg", "image b.jpg", "2"]
    # Nothing is said where ids count up from 0.
    dataset = load_image_table(table.replace({"patient": {2: 1}}), lesions, **options)
    assert dataset.groups.tolist() == ["0", "0", "1"]

    # The lesion is known, but not that both are of one patient.
    table["lesion"] = ["x", "y", "z"]
    with pytest.warns(UserWarning, match=r"^2 image\(s\) have the patient 0"):
        dataset = load_image_table(
            table, lesions, path="file", label="dx", group=["patient", "lesion"]
        )
    assert len(set(dataset.groups)) == 3


def test_one_lesion_of_two_ids_is_one_group(lesions):
    """Two patients' ids for one lesion are one patient, whatever a table says."""
    rows = ["file,dx,patient,lesion", "a.jpg,NEV,P1,L1", "b.jpg,NEV,P2,L1", "c.jpg,MEL,P2,L2"]
    dataset = load(lesions, rows, group=["patient", "lesion"])
    assert len(set(dataset.groups)) == 1


def test_split(lesions):
    rows = ["file,dx,set", "a.jpg,NEV,Training", "b.jpg,NEV,valid", "c.jpg,MEL,TEST"]
    assert load(lesions, rows, split="set").split.tolist() == ["train", "val", "test"]
    rows[2] = "b.jpg,NEV,holdout"
    with pytest.raises(ValueError, match=r"1 of 3 rows .* have no split in 'set': 'holdout'"):
        load(lesions, rows, split="set")


def test_label_set_with_an_account(lesions):
    with pytest.warns(UserWarning, match=r"1 image with labels .* 'ACK' \(1\). They are left out"):
        dataset = load(lesions, label_set="benign_malignant")
    assert dataset.target.tolist() == ["benign", "malignant"]
    assert dataset.left_out == {"unmapped": 1}
    assert dataset.frame["diagnosis"].tolist() == ["nevus", "melanoma"]
    account = dataset.label_account.set_index("label")
    assert account["class"].to_dict() == {"NEV": "benign", "MEL": "malignant", "ACK": None}
    assert account.loc["ACK", "reason"] == "indeterminate"
    assert "left out, indeterminate: 'ACK' (1)" in dataset.DESCR
    assert "benign: 'NEV' (1)" in dataset.DESCR


def test_indeterminate_lesions_with_a_class(lesions):
    dataset = load(lesions, label_set="benign_malignant", indeterminate="malignant")
    assert dataset.target.tolist() == ["benign", "malignant", "malignant"]
    assert dataset.left_out == {}


def test_a_class_that_no_set_has(lesions):
    with pytest.raises(ValueError, match=r"No image is left to load.*'wood' \(1\)"):
        load(lesions, ["file,dx", "a.jpg,wood"], label_set="7-class")
    with pytest.raises(ValueError, match=r"label_set is '7class'.*Did you mean '7-class'"):
        load(lesions, label_set="7class")


def test_columns_called_as_those_of_the_frame(lesions):
    rows = ["file,dx,path,target", "a.jpg,NEV,x,y", "b.jpg,MEL,x,z"]
    frame = load(lesions, rows).frame
    assert list(frame) == ["path", "target", "metadata_path", "metadata_target"]


def test_a_column_in_the_order_of_the_classes_is_said(tmp_path):
    names = [f"{n:03}" for n in range(60)]
    touch(tmp_path, *(f"{name}.jpg" for name in names))
    table = pd.DataFrame({"file": names, "dx": ["a"] * 30 + ["b"] * 30, "number": range(60)})
    with pytest.warns(UserWarning, match=r"'number'.* reveal the class"):
        load_image_table(table, tmp_path, path="file", label="dx")


def test_no_folder_of_images(lesions):
    with pytest.raises(FileNotFoundError, match="The folder 'nowhere' does not exist"):
        load(lesions, root="nowhere")


def test_no_table(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"table.csv' does not exist"):
        load(tmp_path)
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"cannot be read.*UTF-8"):
        load(tmp_path)
    for first_bytes in (b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        (tmp_path / "table.csv").write_bytes(first_bytes)
        with pytest.raises(ValueError, match=r"it is an Excel file.*Save it again as CSV"):
            load(tmp_path)
    with pytest.raises(IsADirectoryError, match=r"is a folder.*Pass the table first"):
        load_image_table(tmp_path, tmp_path / "table.csv", path="file", label="dx")


@pytest.mark.parametrize("other", ["./a.jpg", "folder/../a.jpg"])
def test_one_file_by_two_paths_is_one_image(lesions, other):
    with pytest.raises(ValueError, match=r"label of '.*a.jpg' is 'NEV' in one row and 'MEL' in"):
        load(lesions, ["file,dx", "a.jpg,NEV", f"{other},MEL"])


@pytest.mark.parametrize("extension", ["", ".jpg"])
def test_files_that_differ_only_by_case_are_two_images(tmp_path, extension):
    touch(tmp_path, "images/a.jpg", "images/A.jpg", "images/b.jpg")
    if len(os.listdir(tmp_path / "images")) < 3:
        pytest.skip("this disk does not tell upper from lower case")
    names = [name + extension for name in ("A", "a", "B")]
    dataset = load(tmp_path, ["file,dx", *(f"{name},NEV" for name in names)])
    assert relative(dataset, tmp_path) == ["images/A.jpg", "images/a.jpg", "images/b.jpg"]
    assert dataset.left_out == {}


def test_labels_that_differ_only_by_case_are_named(lesions):
    with pytest.warns(UserWarning, match="differ only by upper and lower case.*: 'NEV', 'nev'"):
        assert load(lesions, ["file,dx", "a.jpg,NEV", "b.jpg,nev"]).target.tolist() == [
            "NEV",
            "nev",
        ]


def test_other_columns_of_one_name(lesions):
    table = pd.DataFrame([["a.jpg", "NEV", 1, 2]], columns=["file", "dx", "age", "age"])
    with pytest.raises(ValueError, match=r"^the table has more than one column .* 'age'"):
        load_image_table(table, lesions, path="file", label="dx")
    with pytest.raises(ValueError, match=r"table.csv' has more than one column .* 'age'"):
        load(lesions, ["file,dx,age,age ", "a.jpg,NEV,1,2"])
