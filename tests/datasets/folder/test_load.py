import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion import ImageLoader, load_image_folder

NAMES = ["melanoma/2.jpg", "melanoma/10.jpg", "nevus/1.png", "nevus/b.JPEG", "nevus/a.tif"]
SPLIT_NAMES = ["Train/melanoma/1.jpg", "Train/nevus/2.jpg", "Train/nevus/3.jpg", "Test/nevus/4.jpg"]


def write(root, names):
    """Write empty files: none may be opened."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def write_metadata(root, text, **options):
    (root / "metadata.csv").write_text(text, **{"encoding": "utf-8", **options})


def relative(dataset, root):
    return [Path(path).relative_to(root).as_posix() for path in dataset.data[:, 0]]


@pytest.fixture
def quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# What is found


@pytest.mark.usefixtures("quietly")
def test_classes(tmp_path):
    dataset = load_image_folder(write(tmp_path, NAMES))
    assert relative(dataset, tmp_path) == [
        "melanoma/10.jpg",
        "melanoma/2.jpg",
        "nevus/1.png",
        "nevus/a.tif",
        "nevus/b.JPEG",
    ]
    assert dataset.data.shape == (5, 1)
    assert dataset.data.dtype.kind == dataset.target.dtype.kind == "U"
    assert dataset.target.tolist() == ["melanoma"] * 2 + ["nevus"] * 3
    assert dataset.target_names.tolist() == ["melanoma", "nevus"]
    assert dataset.split is None
    assert dataset.groups is None
    assert dataset.left_out == {}
    assert list(dataset.frame.columns) == ["path", "target"]
    assert dataset.frame["path"].tolist() == dataset.data[:, 0].tolist()
    assert dataset.frame["target"].tolist() == dataset.target.tolist()


@pytest.mark.usefixtures("quietly")
def test_splits(tmp_path):
    dataset = load_image_folder(write(tmp_path, SPLIT_NAMES))
    assert relative(dataset, tmp_path) == [
        "Test/nevus/4.jpg",
        "Train/melanoma/1.jpg",
        "Train/nevus/2.jpg",
        "Train/nevus/3.jpg",
    ]
    assert dataset.split.tolist() == ["test", "train", "train", "train"]
    assert dataset.target.tolist() == ["nevus", "melanoma", "nevus", "nevus"]
    assert list(dataset.frame.columns) == ["path", "target", "split"]
    assert dataset.frame["split"].tolist() == dataset.split.tolist()
    assert dataset.target_names.tolist() == ["melanoma", "nevus"]


@pytest.mark.usefixtures("quietly")
def test_one_split_keeps_the_classes_of_all(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "Train/notes.txt"])
    dataset = load_image_folder(tmp_path, split="test")
    assert relative(dataset, tmp_path) == ["Test/nevus/4.jpg"]
    assert dataset.split.tolist() == ["test"]
    assert dataset.target_names.tolist() == ["melanoma", "nevus"]
    assert dataset.left_out == {}
    assert load_image_folder(tmp_path, split="train").left_out == {"not_images": 1}


@pytest.mark.parametrize(
    ("canonical", "spelling"),
    [
        ("train", "train"),
        ("train", "Train"),
        ("train", "TRAINING"),
        ("test", "Test"),
        ("test", "testing"),
        ("val", "VAL"),
        ("val", "Valid"),
        ("val", "validation"),
    ],
)
def test_spellings_of_splits(tmp_path, canonical, spelling):
    beside = {"train": "test", "test": "train", "val": "train"}[canonical]
    write(tmp_path, [f"{spelling}/nevus/1.jpg", f"{beside}/nevus/2.jpg"])
    for split in (canonical, spelling, spelling.upper()):
        dataset = load_image_folder(tmp_path, split=split)
        assert relative(dataset, tmp_path) == [f"{spelling}/nevus/1.jpg"]
        assert dataset.split.tolist() == [canonical]


def test_return_X_y(tmp_path):
    write(tmp_path, SPLIT_NAMES)
    dataset = load_image_folder(tmp_path, split="train")
    X, y = load_image_folder(tmp_path, split="train", return_X_y=True)
    np.testing.assert_array_equal(X, dataset.data)
    np.testing.assert_array_equal(y, dataset.target)


@pytest.mark.usefixtures("quietly")
def test_one_class_is_enough_to_load(tmp_path):
    assert load_image_folder(write(tmp_path, ["nevus/1.jpg"])).target.tolist() == ["nevus"]


def test_paths_begin_with_root_as_given(tmp_path, monkeypatch):
    write(tmp_path / "data", NAMES)
    monkeypatch.chdir(tmp_path)
    for root in ("data", os.path.join(".", "data"), Path("data"), tmp_path / "data"):
        path = load_image_folder(root).data[0, 0]
        assert path == os.path.join(os.fspath(root), "melanoma", "10.jpg")
        assert os.path.isfile(path)


def test_order_does_not_depend_on_the_file_system(tmp_path, monkeypatch):
    write(tmp_path, [*NAMES, "carcinoma/7.jpg"])
    expected = load_image_folder(tmp_path).data
    scandir = os.scandir

    class Reversed:
        def __init__(self, folder):
            with scandir(folder) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *args):
            pass

    monkeypatch.setattr(os, "scandir", Reversed)
    np.testing.assert_array_equal(load_image_folder(tmp_path).data, expected)


@pytest.mark.usefixtures("quietly")
def test_blanks_and_accents_in_names(tmp_path):
    names = ["Nävus gutartig/läsion 1.jpg", "黑色素瘤/图 2.png"]
    for name in names:
        (tmp_path / name).parent.mkdir()
        Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / name)
    dataset = load_image_folder(tmp_path)
    assert relative(dataset, tmp_path) == names
    assert dataset.target.tolist() == ["Nävus gutartig", "黑色素瘤"]
    assert ImageLoader((4, 4)).transform(dataset.data).shape == (2, 4, 4, 3)


@pytest.mark.parametrize(
    "extension",
    ["jpg", "JPG", "jpeg", "jfif", "png", "PNG", "tif", "tiff", "bmp", "gif", "webp", "jp2", "ppm"],
)
def test_extensions_of_images(tmp_path, extension):
    dataset = load_image_folder(write(tmp_path, [f"nevus/1.{extension}"]))
    assert relative(dataset, tmp_path) == [f"nevus/1.{extension}"]


# Pillow knows most of these, but decodes none of them without help.
@pytest.mark.parametrize(
    "extension", ["txt", "csv", "pdf", "eps", "ps", "h5", "hdf", "grib", "bufr", "wmf", "mpg"]
)
def test_extensions_of_other_files(tmp_path, extension):
    dataset = load_image_folder(write(tmp_path, ["nevus/1.jpg", f"nevus/2.{extension}", "nevus/3"]))
    assert relative(dataset, tmp_path) == ["nevus/1.jpg"]
    assert dataset.left_out == {"not_images": 2}


@pytest.mark.usefixtures("quietly")
def test_what_is_left_out_is_counted(tmp_path):
    write(
        tmp_path,
        [
            "nevus/1.jpg",
            "nevus/.hidden.jpg",
            "nevus/Thumbs.db",
            ".git/1.jpg",
            "__MACOSX/nevus/._1.jpg",
            ".DS_Store",
            "README.md",
            "stray.jpg",
            "metadata.csv",
        ],
    )
    write_metadata(tmp_path, "image,lesion_id\n1,a\n")
    dataset = load_image_folder(tmp_path)
    assert relative(dataset, tmp_path) == ["nevus/1.jpg"]
    assert dataset.target_names.tolist() == ["nevus"]
    assert dataset.left_out == {"hidden": 4, "not_images": 2, "without_class": 1}
    assert (
        "Left out: hidden files and folders (4), files that are not images (2),"
        " images outside class folders (1)." in dataset.DESCR
    )


def test_what_is_left_out_of_splits_is_counted(tmp_path):
    write(
        tmp_path,
        [*SPLIT_NAMES, "Test/5.jpg", "Test/.hidden", "Train/list.txt", "docs/a.txt"],
    )
    dataset = load_image_folder(tmp_path)
    assert dataset.left_out == {
        "without_class": 1,
        "hidden": 1,
        "not_images": 1,
        "other_folders": 1,
    }


def test_description(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "val/carcinoma/9.jpg"])
    assert load_image_folder(tmp_path).DESCR.splitlines() == [
        "5 images of 3 classes",
        "",
        "class        test   train     val",
        "carcinoma       0       0       1",
        "melanoma        0       1       0",
        "nevus           1       2       0",
        "",
        "Groups: none, because there is no metadata.csv.",
        "Left out: nothing.",
    ]


# What is suspicious


def test_empty_class_is_kept_with_a_warning(tmp_path):
    write(tmp_path, [*NAMES, "carcinoma/notes.txt"])
    (tmp_path / "wart").mkdir()
    with pytest.warns(UserWarning, match="without images: 'carcinoma', 'wart'") as caught:
        dataset = load_image_folder(tmp_path)
    assert caught[0].filename == __file__
    assert dataset.target_names.tolist() == ["carcinoma", "melanoma", "nevus", "wart"]
    assert set(dataset.target) == {"melanoma", "nevus"}
    assert "wart            0" in dataset.DESCR


def test_folders_inside_class_folders_are_read(tmp_path):
    names = ["melanoma/p1/a.jpg", "melanoma/p1/b.jpg", "nevus/1.jpg", "nevus/p1/x/c.jpg"]
    write(tmp_path, [*names, "nevus/p2/masks/c.jpg"])
    (tmp_path / "nevus/p2/loop").symlink_to(tmp_path / "nevus", target_is_directory=True)
    with pytest.warns(UserWarning, match=r"hold folders: 'melanoma.p1', .* outer folder as class"):
        dataset = load_image_folder(tmp_path)
    assert relative(dataset, tmp_path) == names
    assert dataset.target.tolist() == ["melanoma"] * 2 + ["nevus"] * 2
    assert dataset.left_out == {"masks": 1}
    assert dataset.groups is None
    with pytest.warns(
        UserWarning, match="^1 of 4 .* no folder .* first is 'nevus.1.jpg'. .* Move"
    ) as caught:
        dataset = load_image_folder(tmp_path, group_by="folder")
    assert dataset.groups[[0, 1, 3]].tolist() == ["p1"] * 3
    assert len(caught) == 1  # it is not advised to pass group_by='folder'
    assert dataset.groups[2] not in {"p1", "p2"}
    assert "Groups: 2, from folders inside class folders." in dataset.DESCR


def test_patients_of_the_same_names_in_all_classes(tmp_path):
    write(tmp_path, [f"{name}/p{n}/{name}.jpg" for name in ("x", "y") for n in range(2)])
    with pytest.raises(ValueError, match=r"a single folder.* patients, pass group_by='folder'"):
        load_image_folder(tmp_path)
    dataset = load_image_folder(tmp_path, group_by="folder")
    assert dataset.target.tolist() == ["x", "x", "y", "y"]
    assert dataset.groups.tolist() == ["p0", "p1"] * 2


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
@pytest.mark.parametrize("classes", [["mel", "nv"], ["Nevus"]])
def test_folders_of_patients_in_folders_named_for_diagnoses(tmp_path, classes):
    write(tmp_path, [f"{name}/p{n}/{n}.jpg" for name in classes for n in range(2)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = load_image_folder(tmp_path)
    assert dataset.target.tolist() == [name for name in classes for _ in range(2)]
    messages = [str(warning.message) for warning in caught]
    is_told = (
        "Found 2 images of one class, 'Nevus'. A classifier needs at least two classes." in messages
    )
    assert is_told == (len(classes) == 1)


def test_one_class_of_patients_where_they_are_asked_for(tmp_path):
    write(tmp_path, ["lesions/p1/1.jpg", "lesions/p2/2.jpg"])
    with pytest.raises(ValueError, match=r"a single folder.* patients, pass group_by='folder'"):
        load_image_folder(tmp_path)
    with pytest.warns(UserWarning, match="needs at least two classes") as caught:
        dataset = load_image_folder(tmp_path, group_by="folder")
    assert dataset.groups.tolist() == ["p1", "p2"]
    assert caught[0].filename == __file__


def test_one_folder_and_splits_are_no_classes_of_patients(tmp_path):
    write(tmp_path / "a", ["wrap/mel/1.jpg", "wrap/nv/2.jpg"])
    write(tmp_path / "b", ["x/train/1.jpg", "y/test/1.jpg"])
    for root in ("a", "b"):
        with pytest.raises(ValueError, match="no class folder with images"):
            load_image_folder(tmp_path / root, group_by="folder")


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
def test_folders_of_patients_are_checked_as_ids_are(tmp_path):
    write(tmp_path, [f"{'ab'[n % 2]}/{'x' * (n < 20) or n}/{n}.jpg" for n in range(40)])
    with pytest.warns(UserWarning, match="^20 of 40 images are in one group, 'x'"):
        load_image_folder(tmp_path, group_by="folder")
    # Numbers of lesions within each patient join all patients.
    write(tmp_path / "numbers", [f"{'ab'[n % 2]}/p{n // 2}/{n}.jpg" for n in range(40)])
    rows = ["image,lesion_id", *(f"{n},{n % 2 + 1}" for n in range(40))]
    (tmp_path / "numbers" / "metadata.csv").write_text("\n".join(rows))
    with pytest.warns(UserWarning, match="^40 of 40 images are in .*a lesion_id names another"):
        load_image_folder(tmp_path / "numbers", group_by="folder")
    write(tmp_path / "placeholders", [f"{c}/unknown/{n}.jpg" for c in "ab" for n in range(2)])
    write(tmp_path / "placeholders", ["a/p1/5.jpg"])
    match = "^4 of 5 images have no folder of a patient in .*placeholders'. The first is 'a.unknown"
    with pytest.warns(UserWarning, match=match) as caught:
        groups = load_image_folder(tmp_path / "placeholders", group_by="folder").groups
    assert caught[0].filename == __file__
    assert len(set(groups)) == 5


def test_patients_in_two_spellings(tmp_path):
    names = ["mole/Mu\u0308ller/1.jpg", "nevus/M\u00fcller/2.jpg", "nevus/p8/3.jpg", "wart/x/4.jpg"]
    write(tmp_path, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load_image_folder(tmp_path, group_by="folder")
        assert dataset.groups.tolist() == ["M\u00fcller", "M\u00fcller", "p8", "x"]
    write(tmp_path, ["wart/P8/5.jpg"])
    with pytest.warns(UserWarning, match="^These values of 'folder' differ only .*: 'p8', 'P8'"):
        load_image_folder(tmp_path, group_by="folder")

    write(tmp_path / "tables", ["nevus/1.jpg", "nevus/2.jpg"])
    write_metadata(tmp_path / "tables", "image,patient_id\n1,Mu\u0308ller\n2,M\u00fcller\n")
    assert load_image_folder(tmp_path / "tables").groups.tolist() == ["M\u00fcller"] * 2
    write_metadata(tmp_path / "tables", "image,patient_id\n1,p  8\n2,p 8\n")
    with pytest.warns(UserWarning, match="^These values of 'patient_id' differ only") as caught:
        load_image_folder(tmp_path / "tables")
    assert [warning.filename for warning in caught] == [__file__]


def test_a_table_is_not_asked_for_groups_that_folders_tell(tmp_path):
    write(tmp_path, [f"{'ab'[n % 2]}/p{n}/{n}.jpg" for n in range(4)])
    write_metadata(tmp_path, "image,lesion_id,age\n1,x,50\n2,,60\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = load_image_folder(tmp_path, group_by="folder")
    assert not caught
    assert dataset.groups.tolist() == ["p0", "p2", "p1", "p3"]


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
def test_a_lesion_in_several_folders_is_one_group(tmp_path):
    """Folders may be visits, and some images may lie outside of them."""
    write(tmp_path, ["train/nv/p1/1.jpg", "train/nv/2.jpg", "train/nv/p2/3.jpg"])
    write(tmp_path, ["test/nv/4.jpg", "test/nv/p3/5.jpg", "test/mel/p4/6.jpg", "test/mel/7.jpg"])
    rows = ["1,a,x", "2,,x", "3,a,y", "4,p4,", "5,,y", "6,,", "7,,"]
    write_metadata(tmp_path, "\n".join(["image,patient_id,lesion_id", *rows]))
    found = {}
    for split, asked in ((None, "1 of 7"), ("train", None), ("test", "1 of 4")):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dataset = load_image_folder(tmp_path, group_by="folder", split=split)
        message = f"{asked} images have no folder of a patient or patient_id or lesion_id in"
        starts = [str(warning.message)[: len(message)] for warning in caught]
        assert starts == [message] * (asked is not None)
        stems = [Path(path).stem for path in dataset.data[:, 0]]
        found[split] = dict(zip(stems, dataset.groups.tolist(), strict=True))
    groups = found[None]
    assert groups["1"] == groups["2"] == "p1"
    assert groups["3"] == groups["5"]
    assert groups["4"] == groups["6"] == "p4"
    assert len(set(groups.values())) == 4
    assert found["train"] | found["test"] == groups
    assert "Groups: 3, from folders inside class folders, metadata.csv." in dataset.DESCR


@pytest.mark.filterwarnings("ignore:Class folders hold folders|Found 2 images of one class")
def test_a_link_to_another_drive(tmp_path, monkeypatch):
    """On Windows, commonpath raises an error for paths on different drives."""
    write(tmp_path, ["root/nevus/p0/1.jpg", "elsewhere/2.jpg"])
    (tmp_path / "root/nevus/p1").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    def refuse(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", refuse)
    dataset = load_image_folder(tmp_path / "root", group_by="folder")
    assert dataset.groups.tolist() == ["p0", "p1"]


@pytest.mark.filterwarnings("ignore:Class folders hold folders|2 of . images have no folder")
def test_folders_of_patients_do_not_depend_on_the_split(tmp_path):
    write(tmp_path, ["train/mel/1/1.jpg", "train/nv/5/2.jpg"])
    write(tmp_path, ["test/mel/0/3.jpg", "test/mel/0/4.jpg", "test/nv/2/5.jpg"])
    for split in (None, "test"):
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*counts as unknown")
            groups = load_image_folder(tmp_path, split=split, group_by="folder").groups
        assert groups[:3].tolist() == ["0", "0", "2"]  # "test" is before "train"
    (tmp_path / "train/mel/1").rename(tmp_path / "train/mel/7")  # now 0 may mean unknown
    for split in (None, "test"):
        with pytest.warns(UserWarning, match=r"^2 image\(s\) have the folder 0 in .* counts as"):
            groups = load_image_folder(tmp_path, split=split, group_by="folder").groups
        assert len(set(groups[:3])) == 3


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("where", ["train/skin_lesion_report", "train/mel/skin_lesion_report"])
def test_reports_in_splits_and_classes_are_not_read(tmp_path, where):
    write(tmp_path, ["train/mel/1.jpg", "train/nv/2.jpg", "test/nv/3.jpg", f"{where}/fig1.png"])
    dataset = load_image_folder(tmp_path)
    assert dataset.target_names.tolist() == ["mel", "nv"]
    assert len(dataset.data) == 3
    assert dataset.left_out == {"reports": 1}


@pytest.mark.parametrize(
    "name",
    [
        "masks",
        "lesion_masks",
        "LesionMasks",
        "trainmasks",
        "SegmentationClass",
        "HAM10000_segmentations_lesion_tschandl",
        "ISIC-2017_Training_Part1_GroundTruth",
        "ground truth",
        "annotations",
    ],
)
def test_folders_of_masks_by_name(tmp_path, name):
    write(tmp_path, ["images/1.jpg", f"{name}/1.png"])
    with pytest.raises(ValueError, match="names are not classes"):
        load_image_folder(tmp_path)
    (tmp_path / "images").rename(tmp_path / "nevus")
    dataset = load_image_folder(tmp_path)
    assert dataset.target_names.tolist() == ["nevus"]
    assert dataset.left_out == {"mask_folders": 1}


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
def test_masks_beside_their_image(tmp_path):
    names = ["melanoma/1.jpg", "nevus/p/Damask.jpg", "nevus/p/x.y.jpg", "nevus/p/z_mask.jpg"]
    write(
        tmp_path, [*names, "nevus/p/Da.jpg", "melanoma/1_mask.png", "melanoma/1 Segmentation.PNG"]
    )
    write(tmp_path, ["nevus/p/x.yMask.png"])
    dataset = load_image_folder(tmp_path)
    assert set(relative(dataset, tmp_path)) == {*names, "nevus/p/Da.jpg"}
    assert dataset.left_out == {"masks": 3}


@pytest.mark.usefixtures("quietly")
def test_masks_have_the_name_of_their_image_in_any_case(tmp_path):
    names = ["nevus/1.jpg", "nevus/10_mask.png", "nevus/1_with_mask.jpg", "melanoma/IMG_2.JPG"]
    write(tmp_path, [*names, "nevus/1 - mask.png", "melanoma/img_2_mask.png"])
    dataset = load_image_folder(tmp_path)
    assert set(relative(dataset, tmp_path)) == set(names)
    assert dataset.left_out == {"masks": 2}


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
def test_names_that_hold_the_word_mask_are_read(tmp_path):
    write(tmp_path, ["unmasked_nevus/Damaskinos/1.jpg", "UNMASKED/2.jpg", "nevus/3.jpg"])
    dataset = load_image_folder(tmp_path)
    assert dataset.target_names.tolist() == ["UNMASKED", "nevus", "unmasked_nevus"]
    assert dataset.left_out == {}
    assert len(dataset.data) == 3


@pytest.mark.usefixtures("quietly")
def test_reports_and_masks_are_no_classes(tmp_path):
    write(tmp_path, [*NAMES, "masks/1.png", "skin_lesion_report/a.png"])
    write(tmp_path, ["out/audit.html", "out/sample_images.png"])
    dataset = load_image_folder(tmp_path)
    assert dataset.target_names.tolist() == ["melanoma", "nevus"]
    assert dataset.left_out == {"reports": 2, "mask_folders": 1}


@pytest.mark.parametrize(
    ("page", "named"),
    [
        ("train/audit.html", "'train'"),
        ("train/nevus/report.html", "'train.nevus'"),
        ("train/melanoma/patient_7/report.html", "'train.melanoma.patient_7'"),
        ("train/melanoma/patient_7/report.json", "'train.melanoma.patient_7'"),
        ("others/audit.html", "'others'"),
        ("others/.skin_lesion_output.lock", "'others'"),
    ],
)
@pytest.mark.filterwarnings("ignore:Class folders hold folders|Folders beside the split")
def test_images_that_a_report_hides_are_named(tmp_path, page, named):
    write(tmp_path, ["train/melanoma/1.jpg", "train/melanoma/patient_7/2.jpg", "train/nevus/3.jpg"])
    write(tmp_path, ["test/melanoma/4.jpg", "test/nevus/5.jpg", "others/nevus/6.jpg", page])
    message = (
        f"hold images, but were left out as reports of this library: {named}. Expected .*"
        f" move these files out of the folders: {Path(page).name}.$"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load_image_folder(tmp_path)
    assert {warning.filename for warning in caught} == {__file__}
    assert dataset.left_out["reports"] == 1
    hidden = Path(page).parent.as_posix()
    paths = [Path(path).relative_to(tmp_path).as_posix() for path in dataset.data[:, 0]]
    assert not any(path.startswith(f"{hidden}/") for path in paths)
    (tmp_path / page).unlink()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="These folders hold images")
        assert "reports" not in load_image_folder(tmp_path).left_out


def test_groups_of_images_without_an_id_are_the_same_on_all_systems(monkeypatch):
    from skin_lesion.datasets._folder import metadata as _metadata

    monkeypatch.setattr(_metadata.os, "sep", "\\")
    assert [*_metadata.name_own_groups(["nevus\\1.jpg"])] == ["image nevus/1.jpg"]


def test_a_split_that_a_report_hides(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "Train/audit.html"])
    with (
        pytest.warns(UserWarning, match="left out as reports of this library: 'Train'"),
        pytest.raises(ValueError, match="split is 'train', but the splits"),
    ):
        load_image_folder(tmp_path, split="train")


def test_all_images_hidden_by_reports(tmp_path):
    write(tmp_path, ["melanoma/1.jpg", "melanoma/report.html", "nevus/2.jpg", "nevus/report.html"])
    message = r"no class folder with images.* left out as reports of this library: 'melanoma'"
    with pytest.raises(ValueError, match=message):
        load_image_folder(tmp_path)


@pytest.mark.usefixtures("quietly")
def test_pictures_that_the_command_writes_are_not_named(tmp_path):
    from skin_lesion.cli._train.page import _FIGURES

    write(tmp_path, NAMES)
    write(tmp_path, ["out/report.json", *(f"out/{name}" for name in _FIGURES)])
    assert load_image_folder(tmp_path).left_out == {"reports": 1}


@pytest.mark.parametrize(
    "names",
    [
        ["HAM10000_images_part_1/1.jpg", "HAM10000_images_part_2/2.jpg", "HAM10000_metadata.csv"],
        ["images/1.jpg", "masks/1.png"],
        ["train/images/1.jpg", "train/masks/1.png"],
    ],
)
def test_folders_of_any_images_are_no_classes(tmp_path, names):
    with pytest.raises(ValueError, match=r"names are not classes.*load_isic_release"):
        load_image_folder(write(tmp_path, names))


def test_split_of_another_name_is_named(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "holdout/nevus/1.jpg"])
    with pytest.warns(UserWarning, match="beside the split folders were not read: 'holdout'"):
        assert len(load_image_folder(tmp_path).data) == 4


@pytest.mark.parametrize(
    "names", [("Nevus", "nevus"), ("nevus", "nevus "), ("na\u0308vus", "nävus")]
)
def test_classes_that_differ_only_by_spelling_are_named(tmp_path, names):
    write(tmp_path, [f"Train/{names[0]}/1.jpg", f"Test/{names[1]}/2.jpg"])
    with pytest.warns(UserWarning, match=f"differ only by .*: '{names[0]}', '{names[1]}'"):
        assert load_image_folder(tmp_path).target_names.tolist() == list(names)


# What is refused


def test_missing_root(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no_such' does not exist. Expected a folder"):
        load_image_folder(tmp_path / "no_such")


def test_root_is_a_file(tmp_path):
    path = tmp_path / "images.zip"
    path.touch()
    with pytest.raises(NotADirectoryError, match=r"images.zip' is a file.* unpack it first"):
        load_image_folder(path)


@pytest.mark.parametrize("argument", [{"root": 3}, {"split": 1}, {"return_X_y": "yes"}])
def test_arguments_of_wrong_type(tmp_path, argument):
    with pytest.raises(
        ValueError, match=f"'{next(iter(argument))}' parameter of load_image_folder"
    ):
        load_image_folder(**{"root": tmp_path, **argument})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "has no class folder with images. Expected <root>/<class>/<image>, or .*val, test.$"),
        (["nevus/a.txt"], "It holds the folders 'nevus'"),
        (["2.jpg", "1.jpg"], r"2 image\(s\) lie directly in it. The first is '1.jpg'. Move each"),
        (["train/1.jpg", "test/2.jpg"], r"2 image\(s\) lie directly in the split folders"),
        (["wrap/nevus/1.jpg", "a.csv"], "load one of them: '.*wrap'"),
        (["wrap/Train/nevus/1.jpg"], "load one of them: '.*wrap'"),
        (["a/nevus/1.jpg", "b/nevus/1.jpg"], "load one of them: '.*a', '.*b'"),
        (["images/nevus/1.jpg", "a.csv"], "load one of them: '.*images'"),
        (["data/train/benign/1.jpg", "data/test/benign/2.jpg"], "load one of them: '.*data'"),
        (["train/images/nevus/1.jpg"], "hold 'train.images'. .*directly into the split"),
        (["test/isic/nevus/1.jpg", "train/isic/mel/2.jpg"], "directly into the split folders.$"),
        (["train/a/nevus/1.jpg", "test/b/nevus/2.jpg"], "hold 'test.b', 'train.a', with class"),
        (["benign/test/1.jpg", "malignant/train/2.jpg"], "move the split folders above them.$"),
        # A report beside them is not what is wrong.
        (["a/nevus/1.jpg", "b/report.html", "b/roc.png"], "load one of them: '.*a'.$"),
        (["1.jpg", "b/report.html", "b/roc.png"], r"1 image\(s\) lie directly in it"),
    ],
)
def test_no_class_folder_with_images(tmp_path, names, message):
    with pytest.raises(ValueError, match=message):
        load_image_folder(write(tmp_path, names))


@pytest.mark.filterwarnings("ignore:Class folders hold folders")
def test_folders_inside_the_classes_of_splits_are_read(tmp_path):
    for names in (
        ["benign/nevus/1.jpg", "malignant/mel/2.jpg"],
        ["cancer/mel/1.jpg", "non-cancer/nevus/2.jpg"],
        ["x/p/1.jpg", "y/p/2.jpg"],
    ):
        root = tmp_path / names[0][0]
        dataset = load_image_folder(write(root, [f"train/{name}" for name in names]))
        assert dataset.target.tolist() == [name.split("/")[0] for name in names]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train/train/x/1.jpg", "test/test/x/2.jpg"], "'test.test', 'train.train'. .*elsewhere.$"),
        (["train/train/1.jpg", "val/nevus/2.jpg"], "'train.train'. .* another split: 'val'.$"),
        (["train/nevus/1.jpg", "train/Test/2.jpg"], "'train.Test'. .* elsewhere.$"),
    ],
)
def test_split_folders_inside_split_folders(tmp_path, names, message):
    with pytest.raises(ValueError, match=f"have the name of a split: {message}"):
        load_image_folder(write(tmp_path, names))


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("unlabelled", ["test/test/3.jpg", "val/test/3.jpg"])
def test_a_test_set_without_labels_beside_the_training_set(tmp_path, unlabelled):
    write(tmp_path, ["train/mel/1.jpg", "train/nevus/2.jpg", unlabelled])
    dataset = load_image_folder(tmp_path, split="train")
    assert relative(dataset, tmp_path) == ["train/mel/1.jpg", "train/nevus/2.jpg"]
    assert dataset.target_names.tolist() == ["mel", "nevus"]
    for split in (None, unlabelled.split("/")[0]):
        with pytest.raises(ValueError, match=r": '\w+.test'. .* another split: 'train'.$"):
            load_image_folder(tmp_path, split=split)


def test_suggested_folder_can_be_loaded(tmp_path):
    write(tmp_path, ["Skin cancer (ISIC)/Train/nevus/1.jpg"])
    with pytest.raises(ValueError, match="load one of them") as raised:
        load_image_folder(tmp_path)
    suggestion = str(raised.value).rpartition("one of them: '")[2].removesuffix("'.")
    assert len(load_image_folder(suggestion).data) == 1


def test_splits_beside_classes_are_ambiguous(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "nevus/1.jpg", "wart/1.jpg"])
    with pytest.raises(
        ValueError, match=r"split folders, 'Test', 'Train', beside folders.* 'nevus', 'wart'"
    ):
        load_image_folder(tmp_path)


def test_two_folders_for_one_split(tmp_path):
    write(tmp_path, ["val/nevus/1.jpg", "validation/nevus/2.jpg"])
    with pytest.raises(ValueError, match="two folders for the split 'val': 'val' and 'validation'"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("val", r"split is 'val', but the splits in .* are 'test', 'train'. Expected one of them"),
        ("trian", "split is 'trian'.* Did you mean 'train'?"),
        ("Tset", "Did you mean 'test'?"),
    ],
)
def test_unknown_split(tmp_path, split, message):
    with pytest.raises(ValueError, match=message):
        load_image_folder(write(tmp_path, SPLIT_NAMES), split=split)


def test_split_of_a_folder_without_splits(tmp_path):
    with pytest.raises(ValueError, match="no split folders, only classes: 'melanoma', 'nevus'"):
        load_image_folder(write(tmp_path, NAMES), split="train")


def test_split_without_images(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "val/nevus/notes.txt"])
    with pytest.raises(ValueError, match=r"The split 'val' in .* has no class folder with images"):
        load_image_folder(tmp_path, split="val")


# Metadata


def test_tables_inside_folders_are_not_read_with_a_warning(tmp_path):
    write(tmp_path, [*SPLIT_NAMES, "Train/metadata.csv", "Test/nevus/metadata.csv"])
    message = "not read: 'Train.metadata.csv', 'Test.nevus.metadata.csv'. Put .* relative to it"
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load_image_folder(tmp_path)
    assert caught[0].filename == __file__
    assert dataset.groups is None


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("ids", ["1 2 3 4", "1.jpg 2.jpg 3.jpg 4.jpg", " ".join(SPLIT_NAMES)])
@pytest.mark.parametrize("column", ["image_id", "ISIC_ID", "Image", "image_name", "filename"])
def test_groups(tmp_path, ids, column):
    write(tmp_path, SPLIT_NAMES)
    rows = [f"{name},{age},lesion{age // 2}" for age, name in enumerate(ids.split())]
    write_metadata(tmp_path, "\n".join([f"{column},age,lesion_id", *rows, "99,9,lesion9"]))
    dataset = load_image_folder(tmp_path)
    # In the order of the files: 4, 1, 2, 3.
    assert dataset.groups.tolist() == ["lesion1", "lesion0", "lesion0", "lesion1"]
    assert dataset.groups.dtype.kind == "U"
    assert list(dataset.frame.columns) == ["path", "target", "split", column, "age", "lesion_id"]
    assert dataset.frame["age"].tolist() == [3, 0, 1, 2]
    assert dataset.frame.index.tolist() == [0, 1, 2, 3]
    assert "Groups: 2, from metadata.csv." in dataset.DESCR
    assert load_image_folder(tmp_path, split="test").groups.tolist() == ["lesion1"]


@pytest.mark.usefixtures("quietly")
def test_identifiers_stay_text(tmp_path):
    write(tmp_path, ["nevus/007.jpg", "nevus/7.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n7,1\n007,01\n")
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["01", "1"]
    assert dataset.frame["image"].tolist() == ["007", "7"]


@pytest.mark.usefixtures("quietly")
def test_case_of_a_name_that_no_file_has_does_not_matter(tmp_path):
    names = ["nevus/a.jpg", "nevus/b.jpg", "mole/B.jpg", "nevus/c.jpg", "nevus/d.jpg"]
    rows = ["A.JPG,1", "b,2", "B,3", "C,4", "c.JPG,5", "d,6", "D,7"]
    write(tmp_path, names)
    write_metadata(tmp_path, "\n".join(["image,lesion_id", *rows]))
    dataset = load_image_folder(tmp_path)
    group_of = dict(zip(relative(dataset, tmp_path), dataset.groups.tolist(), strict=True))
    expected = {"nevus/a.jpg": "1", "nevus/b.jpg": "2", "mole/B.jpg": "3", "nevus/d.jpg": "6"}
    assert expected.items() <= group_of.items()


def test_a_table_of_other_images_is_named(tmp_path):
    write(tmp_path, ["nevus/a.jpg", "nevus/b.jpg"])
    write_metadata(tmp_path, "image,lesion_id\nx,1\ny,2\n")
    message = r"names none of 2 images. Its first name is 'x', the first image is 'nevus.a.jpg'"
    with pytest.warns(UserWarning, match=message) as caught:
        load_image_folder(tmp_path)
    assert len(caught) == 1


@pytest.mark.usefixtures("quietly")
def test_numbers_of_images_that_pandas_has_made_floats(tmp_path):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg"])
    table = pd.DataFrame({"image_id": [1, 2, None], "lesion_id": ["a", "a", "b"]})
    table.to_csv(tmp_path / "metadata.csv", index=False)
    assert "\n1.0,a\n" in (tmp_path / "metadata.csv").read_text()
    assert load_image_folder(tmp_path).groups.tolist() == ["a", "a"]
    # A name as it stands in the table is preferred.
    write(tmp_path, ["nevus/2.0.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n1,a\n2.0,b\n2,c\n")
    assert load_image_folder(tmp_path).groups.tolist() == ["a", "b", "c"]


@pytest.mark.usefixtures("quietly")
def test_relative_path_is_better_than_name_and_name_than_stem(tmp_path):
    write(tmp_path, ["a/1.jpg", "b/1.jpg", "b/1.png"])
    write_metadata(tmp_path, "image,lesion_id\n1,stem\n1.jpg,name\na/1.jpg,path\n")
    assert load_image_folder(tmp_path).groups.tolist() == ["path", "name", "stem"]


@pytest.mark.usefixtures("quietly")
def test_identifiers_of_other_systems(tmp_path):
    write(tmp_path, ["Nävus/1.jpg", "nevus/2.jpg"])
    # A letter with its accent apart, a byte order mark, blanks, backslashes.
    write_metadata(
        tmp_path,
        "image, Lesion_ID \nNa\u0308vus\\1.jpg, a \n./nevus/2.jpg ,b\n",
        encoding="utf-8-sig",
    )
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["a", "b"]
    assert dataset.frame["lesion_id"].tolist() == ["a", "b"]  # as the audit looks for it


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("end", ["", ",", "\n"])
def test_blank_lines_and_commas_at_the_end_of_lines(tmp_path, end):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg"])
    write_metadata(tmp_path, f"\nimage,age,lesion_id\n1,50,a{end}\n2,60,b{end}\n")
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["a", "b"]
    assert dataset.frame["age"].dtype == int


@pytest.mark.usefixtures("quietly")
def test_patient_is_preferred_to_lesion(tmp_path):
    write(tmp_path, [f"nevus/{n}.jpg" for n in range(1, 6)])
    write_metadata(tmp_path, "image,Patient_ID,lesion_id\n1,a,x\n2,,x\n3,a,y\n4,-1,z\n5,?,z\n")
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["a", "a", "a", "lesion z", "lesion z"]
    assert dataset.frame["patient_id"].isna().tolist() == [False, True, False, True, True]
    dataset = load_image_folder(tmp_path, group_by="lesion_id")
    assert dataset.groups.tolist() == ["x", "x", "y", "z", "z"]
    write_metadata(tmp_path, "image,patient_id\n" + "".join(f"{n},p\n" for n in range(1, 6)))
    assert load_image_folder(tmp_path).groups.tolist() == ["p"] * 5


def test_an_image_of_another_split_with_the_same_row_is_named(tmp_path):
    write(tmp_path, ["train/nv/1.jpg", "train/nv/2.jpg", "test/nv/1.jpg", "test/nv/3.jpg"])
    write_metadata(tmp_path, "image_id,lesion_id\n1,A\n2,B\n3,C\n")
    message = "^2 images have the same row .* of the same name: 't.*1.jpg', 't.*1.jpg'. They get"
    for split in (None, "train", "test"):
        with pytest.warns(UserWarning, match=message) as caught:
            load_image_folder(tmp_path, split=split)
        assert len(caught) == 1
    write_metadata(tmp_path, "path,lesion_id\ntrain/nv/1.jpg,A\ntest/nv/1.jpg,B\n")
    with pytest.warns(UserWarning, match="^1 of 2 images have no lesion_id"):
        load_image_folder(tmp_path, split="train")


def test_columns_are_never_of_one_name(tmp_path):
    write(tmp_path, ["nevus/1.jpg"])
    names = "path,metadata_path,target,lesion_id"
    write_metadata(tmp_path, f"{names}\nnevus/1.jpg,x,y,A\n")
    frame = load_image_folder(tmp_path).frame
    assert list(frame) == [
        *(
            "path",
            "target",
            "metadata_metadata_path",
            "metadata_path",
            "metadata_target",
            "lesion_id",
        )
    ]


def test_an_index_goes_and_an_order_of_the_classes_is_named(tmp_path):
    write(tmp_path, [f"{'ab'[n // 20]}/{n}.jpg" for n in range(40)])
    rows = "".join(f"{n},{n},p{n},{n}\n" for n in range(40))
    write_metadata(tmp_path, f",image,patient_id,row\n{rows}")
    with pytest.warns(UserWarning, match=r"^The column\(s\) \['row'\] .* reveal the class"):
        dataset = load_image_folder(tmp_path)
    assert list(dataset.frame) == ["path", "target", "image", "patient_id", "row"]


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("name", ["HAM10000_metadata.csv", "HAM10000_metadata", "lesions.csv"])
def test_table_of_lesions_under_its_published_name(tmp_path, name):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg"])
    (tmp_path / name).write_text("lesion_id;image_id;dx\nx;1;nv\nx;2;nv\n")
    (tmp_path / "other.csv").write_text("a,b\n")
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["x", "x"]
    assert f"from {name}." in dataset.DESCR
    assert dataset.left_out == {"not_images": 1}


def test_patient_is_the_same_in_a_table_that_lacks_some(tmp_path):
    """Which pandas writes as 1.0, 2.0."""
    write(tmp_path, [f"{name}/{name}{n}.jpg" for name in ("nevus", "melanoma") for n in range(3)])
    for name, patients in (("nevus", "1 2 3"), ("melanoma", "1.0 2.0")):
        rows = [f"{name}{n},{patient}" for n, patient in enumerate(patients.split())]
        (tmp_path / f"{name}.csv").write_text("\n".join(["image,patient_id", *rows]))
    with pytest.warns(UserWarning, match="1 of 6 images have no patient_id"):
        folder = load_image_folder(tmp_path)
    of_image = dict(
        zip([Path(path).stem for path in folder.data[:, 0]], folder.groups, strict=True)
    )
    assert of_image["nevus0"] == of_image["melanoma0"] == "1"
    assert len(set(folder.groups)) == 4


def test_two_tables_of_lesions(tmp_path):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg"])
    (tmp_path / "a.csv").write_text("lesion_id,image_id,age\nx,1,50\n,2,60\n")
    (tmp_path / "b.csv").write_text("image_id;lesion_id;age;sex\n1.jpg;x;50.0;male\n2;x;unk;\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["x", "x"]
    assert dataset.frame["age"].astype(float).tolist() == [50, 60]
    assert dataset.frame["sex"].tolist()[0] == "male"

    (tmp_path / "b.csv").write_text("lesion_id,image_id,age\nx,1,51\n")
    message = r"b.csv' contradicts '.*a.csv' .*: 'age' of 'nevus.1.jpg' is '51.0' instead of '50'"
    with (
        pytest.warns(UserWarning, match=message) as caught,
        pytest.warns(UserWarning, match="1 of 2 images have no lesion_id"),
    ):
        dataset = load_image_folder(tmp_path)
    assert dataset.frame["age"].tolist() == [50, 60]
    assert {warning.filename for warning in caught} == {__file__}

    (tmp_path / "b.csv").write_text("lesion_id,image_id\ny,1\n")
    message = r"b.csv' contradicts '.*a.csv' .*: 'lesion_id' of 'nevus.1.jpg' is 'y' instead of 'x'"
    with pytest.raises(ValueError, match=message):
        load_image_folder(tmp_path)


@pytest.mark.usefixtures("quietly")
def test_groups_do_not_depend_on_the_split(tmp_path):
    """The patient of a lesion may be known in another split, and two ids may be equal there.

    Nor may they depend on other tables, in which a patient may be called 7.
    """
    write(tmp_path, [f"test/nevus/{n}.jpg" for n in (1, 2, 3)])
    write(tmp_path, [f"train/nevus/{n}.jpg" for n in (4, 5)])
    write_metadata(tmp_path, "image,patient_id,lesion_id\n1,,x\n2,p,y\n3,,7\n4,p,x\n5,7,z\n")
    groups = load_image_folder(tmp_path).groups.tolist()
    assert groups == ["p", "p", "lesion 7", "p", "7"]
    of_splits = [load_image_folder(tmp_path, split=name).groups for name in ("test", "train")]
    assert np.concatenate(of_splits).tolist() == groups


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("column", ["image_name", "isic_id"])
def test_tables_of_different_images_are_joined(tmp_path, column):
    write(tmp_path, SPLIT_NAMES)
    (tmp_path / "train.csv").write_text("image_name,patient_id\n1,a\n2,a\n3,b\n")
    (tmp_path / "test.csv").write_text(f"{column},Patient_ID\n4,c\n")
    dataset = load_image_folder(tmp_path)
    # In the order of the files: 4, 1, 2, 3.
    assert dataset.groups.tolist() == ["c", "a", "a", "b"]
    assert dataset.left_out == {}
    assert "from test.csv, train.csv." in dataset.DESCR


@pytest.mark.usefixtures("quietly")
def test_a_table_named_for_a_split_tells_of_its_images(tmp_path):
    write(tmp_path, ["train/nevus/1.jpg", "test/nevus/1.jpg"])
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text(f"image_name,patient_id\n1,of_{split}\n")
    assert load_image_folder(tmp_path).groups.tolist() == ["of_test", "of_train"]


@pytest.mark.usefixtures("quietly")
def test_a_single_table_tells_of_the_images_of_all_splits(tmp_path):
    """Many hold out a test set from the training set of a challenge, and keep its table."""
    write(tmp_path, ["train/nevus/ISIC_0000001.jpg", "test/nevus/ISIC_0000002.jpg"])
    rows = "image,lesion_id\nISIC_0000001,a\nISIC_0000002,a\n"
    (tmp_path / "ISIC_2019_Training_Metadata.csv").write_text(rows)
    assert load_image_folder(tmp_path).groups.tolist() == ["a", "a"]


def test_a_single_table_of_images_with_one_name_in_two_splits(tmp_path):
    write(tmp_path, ["train/nevus/1.jpg", "test/nevus/1.jpg"])
    (tmp_path / "train.csv").write_text("image,patient_id\n1,of_train\n")
    with pytest.warns(UserWarning, match="2 images have the same row of .* If they are different"):
        assert load_image_folder(tmp_path).groups.tolist() == ["of_train", "of_train"]
    (tmp_path / "train.csv").write_text("image,patient_id\ntrain/nevus/1.jpg,of_train\n")
    with pytest.warns(UserWarning, match="1 of 2 images have no patient_id"):
        assert load_image_folder(tmp_path).groups[1] == "of_train"


def test_a_group_of_an_implausible_share(tmp_path):
    write(tmp_path, [f"nevus/{n}.jpg" for n in range(40)])
    write_metadata(
        tmp_path, "image,patient_id\n" + "".join(f"{n},{'x' * (n < 20) or n}\n" for n in range(40))
    )
    with pytest.warns(UserWarning, match="^20 of 40 images are in one group, 'x'") as caught:
        load_image_folder(tmp_path)
    assert caught[0].filename == __file__


@pytest.mark.usefixtures("quietly")
def test_the_column_that_names_most_files_is_used(tmp_path):
    write(tmp_path, ["nevus/a.jpg", "nevus/b.jpg"])
    write_metadata(tmp_path, "image,lesion_id,path\n1,x,nevus/a.jpg\n2,x,nevus/b.jpg\n")
    dataset = load_image_folder(tmp_path)
    assert dataset.groups.tolist() == ["x", "x"]
    assert list(dataset.frame.columns) == ["path", "target", "image", "lesion_id", "metadata_path"]


@pytest.mark.usefixtures("quietly")
def test_the_column_that_tells_files_apart_is_used(tmp_path):
    write(tmp_path, ["melanoma/1.jpg", "nevus/1.jpg", "nevus/2.jpg"])
    for column in ("path", "image_name"):
        rows = ["1,a,melanoma/1.jpg", "1,b,nevus/1.jpg", "2,c,nevus/2.jpg"]
        write_metadata(tmp_path, "\n".join([f"image_id,lesion_id,{column}", *rows]))
        assert load_image_folder(tmp_path).groups.tolist() == ["a", "b", "c"]


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("column", ["path", "FileName", "file"])
def test_numbers_of_rows_are_no_files(tmp_path, column):
    write(tmp_path, [f"nevus/{n}.jpg" for n in (1, 2, 3, 4)])
    rows = [f"{n},p{5 - n},{5 - n}.jpg" for n in (1, 2, 3, 4)]
    write_metadata(tmp_path, "\n".join([f"image_id,patient_id,{column}", *rows]))
    assert load_image_folder(tmp_path).groups.tolist() == ["p1", "p2", "p3", "p4"]
    if column == "file":  # the number of a record
        rows = [f"{n},p{n},{5 - n}" for n in (1, 2, 3, 4)]
        write_metadata(tmp_path, "\n".join([f"image_id,patient_id,{column}", *rows]))
        assert load_image_folder(tmp_path).groups.tolist() == ["p1", "p2", "p3", "p4"]


@pytest.mark.filterwarnings(r"ignore:1 image\(s\) have the lesion_id 0")
@pytest.mark.parametrize(
    "blank",
    [
        *("", " ", "NA", "nan", "Unknown", "-1", "none", "?", "0", "N.A.", "-9", "0000"),
        *("anonymous", "Not specified", "unknown patient", "patient_unknown"),
    ],
)
def test_files_without_a_group_are_groups_of_their_own(tmp_path, blank):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg", "nevus/3.jpg", "wart/3.jpg"])
    write_metadata(tmp_path, f"image,lesion_id,age\n1,a,50\n2,{blank},60\n")
    with pytest.warns(
        UserWarning, match=r"3 of 4 images have no lesion_id .* The first is 'nevus.2.jpg'"
    ) as caught:
        dataset = load_image_folder(tmp_path)
    assert caught[0].filename == __file__
    assert dataset.groups[0] == "a"
    assert len(set(dataset.groups)) == 4
    np.testing.assert_array_equal(dataset.frame["age"], [50, 60, np.nan, np.nan])
    assert pd.isna(dataset.frame["image"]).tolist() == [False, False, True, True]


def test_patient_0_is_not_split_up_without_a_word(tmp_path):
    write(tmp_path, [f"nevus/{n}.jpg" for n in range(3)])
    write_metadata(tmp_path, "image,patient_id\n0,0\n1,0\n2,2\n")
    with (
        pytest.warns(UserWarning, match="^2 of 3 images have no patient_id"),
        pytest.warns(UserWarning, match=r"^2 image\(s\) have the patient_id 0 in .*metadata.csv'"),
    ):
        dataset = load_image_folder(tmp_path)
    assert len(set(dataset.groups)) == 3


def test_column_of_blanks(tmp_path):
    write(tmp_path, ["nevus/1.jpg", "nevus/2.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n1,\n2,\n")
    with pytest.warns(UserWarning, match="2 of 2 images have no lesion_id"):
        assert len(set(load_image_folder(tmp_path).groups)) == 2


@pytest.mark.usefixtures("quietly")
def test_doubled_rows_that_agree(tmp_path):
    write(tmp_path, ["nevus/1.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n1,\n1,a\n1,a\n")
    assert load_image_folder(tmp_path).groups.tolist() == ["a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,lesion_id\n1,a\n1,b\n", "gives '1' two values of lesion_id, 'a' and 'b'"),
        ("", "cannot be read: No columns to parse"),
        ("image,lesion_id\n1,a\n2,b,c,d\n", "cannot be read"),
        ("image,lesion_id\n0,1,a\n1,2,b\n", "its rows have more cells than its first line"),
        ("image,lesion_id,Lesion_ID\n1,a,b\n", r"more than one column .* 'lesion_id'"),
        (f"image,{'x' * 200_000}\n1,a\n", "cannot be read: field larger than"),
    ],
)
def test_metadata_that_is_refused(tmp_path, text, message):
    write(tmp_path, ["nevus/1.jpg"])
    write_metadata(tmp_path, text)
    with pytest.raises(ValueError, match=message) as raised:
        load_image_folder(tmp_path)
    assert "metadata.csv" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,lesion_id\n1,a\n", r"the columns \['name', 'lesion_id'\]. Expected.*'image_id'"),
        ("image,age\n1,50\n", r"the columns \['image', 'age'\]. Expected.*'lesion_id'.*without"),
    ],
)
def test_metadata_without_ids(tmp_path, text, message):
    write(tmp_path, ["nevus/1.jpg"])
    write_metadata(tmp_path, text)
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load_image_folder(tmp_path)
    assert caught[0].filename == __file__
    assert dataset.groups is None
    assert "Groups: none, because metadata.csv lacks a column." in dataset.DESCR


def test_metadata_in_another_encoding(tmp_path):
    write(tmp_path, ["nevus/1.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n1,Läsion\n", encoding="latin-1")
    with pytest.raises(ValueError, match=r"metadata.csv' cannot be read: .*Expected .* UTF-8"):
        load_image_folder(tmp_path)


def test_a_table_of_lesions_in_another_encoding(tmp_path):
    write(tmp_path, ["nevus/1.jpg"])
    path = tmp_path / "HAM10000_metadata.csv"
    path.write_text("image_id,lesion_id\n1,Läsion\n", encoding="latin-1")
    with pytest.raises(ValueError, match=r"HAM10000_metadata.csv' cannot be read: .* UTF-8"):
        load_image_folder(tmp_path)
    path.write_text("image_id,lesion_id\n1,a\n", encoding="utf-16")
    with pytest.warns(
        UserWarning, match=r"HAM10000_metadata.csv' cannot be read.*not used"
    ) as caught:
        assert load_image_folder(tmp_path).groups is None
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["metadata.csv", "ham_metadata.csv"])
def test_a_table_beside_the_folder_of_a_split_is_not_overlooked(tmp_path, name):
    write(tmp_path, SPLIT_NAMES)
    (tmp_path / name).write_text("image,lesion_id\n1,a\n2,b\n3,b\n4,c\n")
    with pytest.warns(UserWarning, match=rf"{name}' is not read.*split='train'") as caught:
        dataset = load_image_folder(tmp_path / "Train")
    assert caught[0].filename == __file__
    assert dataset.groups is None
    with warnings.catch_warnings(action="error"):  # nothing is said of tables of something else
        assert load_image_folder(tmp_path, split="train").groups.tolist() == ["a", "b", "b"]
        (tmp_path / name).write_text("image,age\n1,50\n")
        if name != "metadata.csv":
            load_image_folder(tmp_path / "Train")


def test_an_excel_file_beside_class_folders_is_not_overlooked(tmp_path):
    write(tmp_path, ["nevus/1.jpg", "patients.xlsx"])
    with pytest.warns(UserWarning, match=r"patients.xlsx' is not read.*save it as CSV"):
        assert load_image_folder(tmp_path).left_out == {"not_images": 1}
    write_metadata(tmp_path, "image,lesion_id\n1,a\n")
    with warnings.catch_warnings(action="error"):
        load_image_folder(tmp_path)


@pytest.mark.usefixtures("quietly")
def test_columns_that_differ_by_case(tmp_path):
    write(tmp_path, [f"{name}/{name}{n}.jpg" for name in ("melanoma", "nevus") for n in range(25)])
    rows = [f"{name}{n},{name}{n},{n},{n}" for name in ("melanoma", "nevus") for n in range(25)]
    write_metadata(tmp_path, "\n".join(["image,lesion_id,Age,age", *rows]))
    assert list(load_image_folder(tmp_path).frame)[-2:] == ["Age", "age"]


def test_images_of_one_name_and_one_row_are_named(tmp_path):
    write(tmp_path, ["melanoma/1.jpg", "nevus/1.jpg", "nevus/2.jpg"])
    write_metadata(tmp_path, "image,lesion_id\n1,a\n2,b\n")
    with pytest.warns(UserWarning, match="2 images have the same row .*: 'melanoma/1.jpg', 'nevus"):
        assert load_image_folder(tmp_path).groups.tolist() == ["a", "a", "b"]


# Cheap, and real


def test_no_image_is_opened(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", refuse)
    assert len(load_image_folder(write(tmp_path, NAMES)).data) == 5


@pytest.mark.parametrize(
    ("split", "splits", "n_images"),
    [(None, {"train", "test"}, 2359), ("train", {"train"}, 2241), ("Testing", {"test"}, 118)],
)
def test_real_folder(split, splits, n_images):
    data = os.environ.get("SKIN_LESION_DATA")
    if data is None:
        pytest.skip("SKIN_LESION_DATA is unset: it names a folder of real images")
    dataset = load_image_folder(os.path.join(data, "isic9"), split=split)
    assert dataset.data.shape == (n_images, 1)
    assert len(dataset.target_names) == 9
    assert set(dataset.split) == splits
    assert dataset.left_out == {}
