import io
import os
import warnings
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion import (
    ImageLoader,
    load_image_folder,
    load_isic_release,
    load_public_dataset,
    write_lesion_folder,
)

AKIEC = "actinic keratosis or intraepithelial carcinoma"
LABELS_2018 = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
LABELS_2019 = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK"
METADATA_2019 = "image,age_approx,anatom_site_general,lesion_id,sex"
METADATA_HAM = "lesion_id,image_id,dx,dx_type,age,sex,localization"
METADATA_2020 = (
    "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
    "benign_malignant,target"
)
METADATA_2024 = (
    "isic_id,target,patient_id,age_approx,sex,anatom_site_general,clin_size_long_diam_mm,"
    "tbp_lv_areaMM2,attribution,copyright_license,lesion_id,iddx_full,iddx_1,iddx_2,iddx_3,"
    "mel_mitotic_index,mel_thick_mm,tbp_lv_dnn_lesion_confidence"
)
ISIC_CLI = (
    "isic_id,attribution,copyright_license,age_approx,anatom_site_general,anatom_site_special,"
    "concomitant_biopsy,diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_confirm_type,"
    "image_type,lesion_id,mel_thick_mm,melanocytic,patient_id,sex"
)


def touch(root, *names):
    """Write empty files: none may be opened."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write(root, name, *lines, encoding="utf-8"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def ids(dataset):
    return [name.removeprefix("ISIC_") for name in dataset.frame["isic_id"]]


def relative(dataset, root):
    return [Path(path).relative_to(root).as_posix() for path in dataset.data[:, 0]]


@pytest.fixture
def quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Old versions of pandas call what numpy has deprecated since.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.fixture
def ham(tmp_path):
    write(
        tmp_path,
        "HAM10000_metadata.csv",
        METADATA_HAM,
        "HAM_1,ISIC_0000001,bkl,histo,80.0,male,scalp",
        "HAM_1,ISIC_0000002,bkl,histo,80.0,male,scalp",
        "HAM_2,ISIC_0000003,nv,follow_up,,unknown,unknown",
        "HAM_3,ISIC_0000004,akiec,histo,55.0,female,trunk",
    )
    touch(
        tmp_path,
        "HAM10000_images_part_1/ISIC_0000001.jpg",
        "HAM10000_images_part_1/ISIC_0000003.jpg",
        "HAM10000_images_part_2/ISIC_0000002.jpg",
        "HAM10000_images_part_2/ISIC_0000004.jpg",
    )
    return tmp_path


@pytest.fixture
def isic2019(tmp_path):
    write(
        tmp_path,
        "ISIC_2019_Training_GroundTruth.csv",
        LABELS_2019,
        "ISIC_0000001_downsampled,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
        "ISIC_0000002,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0",
        "ISIC_0000003,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0",
    )
    write(
        tmp_path,
        "ISIC_2019_Training_Metadata.csv",
        METADATA_2019,
        "ISIC_0000001_downsampled,55.0,anterior torso,MSK4_1,female",
        "ISIC_0000002,,,BCN_2,",
        "ISIC_0000003,85,,,male",
    )
    touch(
        tmp_path,
        "ISIC_2019_Training_Input/ISIC_2019_Training_Input/ISIC_0000001_downsampled.jpg",
        "ISIC_2019_Training_Input/ISIC_2019_Training_Input/ISIC_0000002.jpg",
        "ISIC_2019_Training_Input/ISIC_2019_Training_Input/ISIC_0000003.jpg",
    )
    return tmp_path


# Every release


@pytest.mark.usefixtures("quietly")
def test_ham10000(ham):
    dataset = load_isic_release(ham)
    assert dataset.release == "HAM10000"
    assert relative(dataset, ham) == [
        "HAM10000_images_part_1/ISIC_0000001.jpg",
        "HAM10000_images_part_2/ISIC_0000002.jpg",
        "HAM10000_images_part_1/ISIC_0000003.jpg",
        "HAM10000_images_part_2/ISIC_0000004.jpg",
    ]
    assert dataset.data.shape == (4, 1)
    assert dataset.data.dtype.kind == dataset.target.dtype.kind == dataset.groups.dtype.kind == "U"
    assert dataset.target.tolist() == ["benign keratosis", "benign keratosis", "nevus", AKIEC]
    assert dataset.target_names.tolist() == [AKIEC, "benign keratosis", "nevus"]
    assert dataset.groups.tolist() == ["HAM_1", "HAM_1", "HAM_2", "HAM_3"]
    assert dataset.split is None
    assert dataset.left_out == {}
    assert dataset.missing.tolist() == []
    assert list(dataset.frame.columns) == [
        *("path", "target", "isic_id", "age", "sex", "site", "image_type", "diagnosis", "source"),
        *("lesion_id", "localization"),
    ]
    assert dataset.frame["path"].tolist() == dataset.data[:, 0].tolist()
    assert dataset.frame["age"].tolist()[:2] == [80, 80]
    assert dataset.frame["site"].tolist()[::3] == ["head/neck", "torso"]
    assert dataset.frame["localization"].tolist()[::3] == ["scalp", "trunk"]
    assert dataset.frame.loc[2, ["age", "sex", "site", "localization"]].isna().all()
    assert set(dataset.frame["source"]) == {"HAM10000"}
    assert "reveal the label: dx, dx_type." in dataset.DESCR


def test_pictures_of_a_report_are_no_images_of_the_release(ham):
    touch(ham, "out/report.json", "out/sample_images.png", "skin_lesion_report/drawn/a.png")
    touch(ham, "HAM10000_images_part_1/report.html")  # of the user, beside images
    dataset = load_isic_release(ham)
    assert len(dataset.data) == 4
    assert dataset.left_out == {}


@pytest.mark.usefixtures("quietly")
def test_return_X_y(ham):
    dataset = load_isic_release(ham)
    X, y = load_isic_release(ham, return_X_y=True)
    np.testing.assert_array_equal(X, dataset.data)
    np.testing.assert_array_equal(y, dataset.target)


@pytest.mark.usefixtures("quietly")
def test_ham10000_as_dataverse_gives_it(tmp_path):
    write(
        tmp_path,
        "HAM10000_metadata",
        f"{METADATA_HAM},dataset",
        "HAM_1,ISIC_0000001,mel,histo,80.0,male,hand,vidir_modern",
    )
    write(
        tmp_path,
        "ISIC2018_Task3_Test_GroundTruth.tab",
        f"{METADATA_HAM},dataset".replace(",", "\t"),
        "HAMTEST_1,ISIC_0000002,nv,histo,20.0,male,back,rosendahl".replace(",", "\t"),
    )
    write(tmp_path, "ISIC2018_Task3_Test_NatureMedicine_AI_Interaction_Benefit.csv", "image_id,dx")
    touch(tmp_path, "a/ISIC_0000001.jpg", "ISIC2018_Task3_Test_Images/ISIC_0000002.jpg")
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "HAM10000"
    assert dataset.split.tolist() == ["train", "test"]
    assert dataset.frame["source"].tolist() == ["vidir_modern", "rosendahl"]
    assert load_isic_release(tmp_path, split="test").target.tolist() == ["nevus"]


@pytest.mark.usefixtures("quietly")
def test_2016(tmp_path):
    write(
        tmp_path,
        "ISBI2016_ISIC_Part3_Training_GroundTruth.csv",
        "ISIC_0000001,benign",
        "ISIC_0000002,malignant",
    )
    write(
        tmp_path, "ISBI2016_ISIC_Part3_Test_GroundTruth.csv", "ISIC_0000003,0.0", "ISIC_0000004,1.0"
    )
    touch(
        tmp_path,
        "ISBI2016_ISIC_Part3_Training_Data/ISIC_0000001.jpg",
        "ISBI2016_ISIC_Part3_Training_Data/ISIC_0000002.jpg",
        "ISBI2016_ISIC_Part3_Test_Data/ISIC_0000003.jpg",
        "ISBI2016_ISIC_Part3_Test_Data/ISIC_0000004.jpg",
        "ISBI2016_ISIC_Part1_Training_GroundTruth/ISIC_0000001_Segmentation.png",
    )
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2016"
    assert dataset.target.tolist() == ["benign", "malignant"] * 2
    assert dataset.split.tolist() == ["train", "train", "test", "test"]
    assert dataset.groups.tolist() == dataset.frame["isic_id"].tolist()
    assert dataset.left_out == {"masks": 1}
    assert load_isic_release(tmp_path, label="benign_malignant").target.tolist() == (
        dataset.target.tolist()
    )


@pytest.mark.usefixtures("quietly")
def test_2017(tmp_path):
    for word, isic_id in (("Training", 1), ("Validation", 4), ("Test_v2", 7)):
        write(
            tmp_path,
            f"ISIC-2017_{word}_Part3_GroundTruth.csv",
            "image_id,melanoma,seborrheic_keratosis",
            *(f"ISIC_{isic_id + n:07d},{label}" for n, label in enumerate(["1.0,0.0", "0.0,1.0"])),
            f"ISIC_{isic_id + 2:07d},0.0,0.0",
        )
        write(
            tmp_path,
            f"ISIC-2017_{word}_Data/ISIC-2017_{word}_Data_metadata.csv",
            "image_id,age_approximate,sex",
            *(f"ISIC_{isic_id + n:07d},{age},unknown" for n, age in enumerate([55, "unknown", 30])),
        )
        for n in range(3):
            name = f"ISIC-2017_{word}_Data/ISIC_{isic_id + n:07d}"
            touch(tmp_path, f"{name}.jpg", f"{name}_superpixels.png")
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2017"
    assert sorted(ids(dataset)) == [f"{n:07d}" for n in range(1, 10)]
    assert set(zip(dataset.target, dataset.split, strict=True)) == {
        (label, split)
        for label in ("melanoma", "seborrheic keratosis", "nevus")
        for split in ("train", "val", "test")
    }
    assert dataset.frame["sex"].isna().all()
    assert dataset.frame["age"].isna().sum() == 3
    assert dataset.left_out == {"masks": 9}
    nine = load_isic_release(tmp_path, label="9-class", split="validation")
    assert nine.target.tolist() == ["melanoma", "seborrheic keratosis", "nevus"]
    seven = load_isic_release(tmp_path, label="7-class", split="validation")
    assert seven.target.tolist() == ["melanoma", "benign keratosis", "nevus"]


@pytest.mark.usefixtures("quietly")
def test_2018(tmp_path):
    write(
        tmp_path,
        "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv",
        LABELS_2018,
        "ISIC_0000001,1.0,0.0,0.0,0.0,0.0,0.0,0.0",
        "ISIC_0000002,0.0,0.0,0.0,1.0,0.0,0.0,0.0",
    )
    write(
        tmp_path,
        "ISIC2018_Task3_Validation_GroundTruth/ISIC2018_Task3_Validation_GroundTruth.csv",
        LABELS_2018,
        "ISIC_0000003,0.0,0.0,0.0,0.0,0.0,0.0,1.0",
    )
    write(
        tmp_path,
        "ISIC2018_Task3_Training_LesionGroupings.csv",
        "image,lesion_id,diagnosis_confirm_type",
        "ISIC_0000001,HAM_7,histopathology",
        "ISIC_0000002,HAM_7,histopathology",
    )
    touch(
        tmp_path,
        "ISIC2018_Task3_Training_Input/ISIC_0000001.jpg",
        "ISIC2018_Task3_Training_Input/ISIC_0000002.jpg",
        "ISIC2018_Task3_Validation_Input/ISIC_0000003.jpg",
        "ISIC2018_Task1_Training_GroundTruth/ISIC_0000001_segmentation.png",
    )
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2018"
    assert dataset.target.tolist() == ["melanoma", AKIEC, "vascular lesion"]
    assert dataset.split.tolist() == ["train", "train", "val"]
    assert dataset.groups.tolist() == ["HAM_7", "HAM_7", "ISIC_0000003"]
    assert dataset.frame["source"].tolist()[:2] == ["HAM10000", "HAM10000"]
    assert "diagnosis_confirm_type" not in dataset.frame
    one = load_isic_release(tmp_path, split="train")
    assert one.target_names.tolist() == dataset.target_names.tolist()


@pytest.mark.usefixtures("quietly")
def test_2019(isic2019):
    dataset = load_isic_release(isic2019)
    assert dataset.release == "2019"
    assert ids(dataset) == ["0000001", "0000002", "0000003"]
    assert dataset.data[0, 0].endswith("ISIC_0000001_downsampled.jpg")
    assert dataset.target.tolist() == ["nevus", "squamous cell carcinoma", "benign keratosis"]
    assert dataset.split.tolist() == ["train"] * 3
    assert dataset.groups.tolist() == ["MSK4_1", "BCN_2", "ISIC_0000003"]
    assert dataset.frame["source"].tolist()[:2] == ["MSK", "BCN20000"]
    assert dataset.frame["source"].isna()[2]
    assert list(dataset.frame.columns)[-1] == "lesion_id"


def test_2019_test_set_with_an_unknown_class(isic2019):
    write(
        isic2019,
        "ISIC_2019_Test_GroundTruth.csv",
        f"{LABELS_2019},score_weight,validation_weight",
        "ISIC_0000005,1,0,0,0,0,0,0,0,0,1.0,0.0",
        "ISIC_0000006,0,0,0,0,0,0,0,0,1,1.0,0.0",
    )
    write(
        isic2019,
        "ISIC_2019_Test_Metadata.csv",
        "image,age_approx,anatom_site_general,sex",
        "ISIC_0000005,30,,female",
        "ISIC_0000006,30,,female",
    )
    touch(isic2019, "test/ISIC_0000005.jpg", "test/ISIC_0000006.jpg")
    message = r"^1 image with labels that have no counterpart.*'unknown' \(1\)"
    with pytest.warns(UserWarning, match=message):
        dataset = load_isic_release(isic2019)
    assert dataset.split.tolist() == ["train"] * 3 + ["test"]
    assert dataset.left_out == {"unmapped": 1}
    assert not {"score_weight", "validation_weight", "UNK", "MEL"} & set(dataset.frame)


def test_labels_and_metadata_in_one_table(tmp_path):
    write(
        tmp_path,
        "ISIC_2019_Training_Metadata.csv",
        f"{METADATA_2019},MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_0000001,55,anterior torso,,female,0,1,0,0,0,0,0,0,0",
    )
    touch(tmp_path, "ISIC_0000001.png")
    dataset = load_isic_release(tmp_path)
    assert (dataset.release, dataset.target.tolist()) == ("2019", ["nevus"])
    assert dataset.frame["age"].tolist() == [55]


@pytest.fixture
def isic2020(tmp_path):
    write(
        tmp_path,
        "train.csv",
        METADATA_2020,
        "ISIC_0000001,IP_1,male,45.0,head/neck,unknown,benign,0",
        "ISIC_0000002,IP_1,male,45.0,torso,melanoma,malignant,1",
        "ISIC_0000003,IP_2,,,,nevus,benign,0",
    )
    write(
        tmp_path,
        "test.csv",
        "image_name,patient_id,sex,age_approx,anatom_site_general_challenge",
        "ISIC_0000004,IP_3,male,45.0,torso",
    )
    write(tmp_path, "sample_submission.csv", "image_name,target", "ISIC_0000004,0")
    touch(tmp_path, *(f"jpeg/train/ISIC_000000{n}.jpg" for n in (1, 2, 3)))
    touch(tmp_path, "jpeg/test/ISIC_0000004.jpg", "train/ISIC_0000001.dcm", "tfrecords/1.tfrec")
    return tmp_path


@pytest.mark.usefixtures("quietly")
def test_2020(isic2020):
    dataset = load_isic_release(isic2020)
    assert dataset.release == "2020"
    assert dataset.target.tolist() == ["benign", "malignant", "benign"]
    assert dataset.groups.tolist() == ["IP_1", "IP_1", "IP_2"]
    assert dataset.split.tolist() == ["train"] * 3
    assert dataset.left_out == {"without_label": 1}
    assert dataset.frame["diagnosis"].isna().tolist() == [True, False, False]
    assert dataset.frame["site"].tolist()[:2] == ["head/neck", "torso"]
    with pytest.raises(ValueError, match="None of 1 image with a file has a label"):
        load_isic_release(isic2020, split="test")


def test_2020_believes_itself_what_is_malignant(isic2020):
    assert load_isic_release(isic2020, label="benign_malignant").target.tolist() == [
        "benign",
        "malignant",
        "benign",
    ]
    with pytest.warns(
        UserWarning, match=r"^1 image with labels .* 8-class label set: 'benign' \(1\)"
    ):
        dataset = load_isic_release(isic2020, label="8-class")
    assert dataset.target.tolist() == ["melanoma", "nevus"]


@pytest.mark.usefixtures("quietly")
def test_2020_v2_with_duplicates(tmp_path):
    write(
        tmp_path,
        "ISIC_2020_Training_GroundTruth_v2.csv",
        METADATA_2020.replace("patient_id,", "patient_id,lesion_id,"),
        *(f"ISIC_000000{n},IP_1,IL_{n},male,45,torso,unknown,benign,0" for n in (1, 2, 3, 4)),
    )
    write(
        tmp_path,
        "ISIC_2020_Training_Duplicates.csv",
        "Image_Name_1,Image_Name_2",
        "ISIC_0000001,ISIC_0000004",
        "ISIC_0000004,ISIC_0000002",
        "ISIC_0000003,ISIC_0009999",
    )
    write(
        tmp_path,
        "ISIC_2020_Test_Metadata.csv",
        "image,patient,age_approx,anatom_site_general,sex",
        "ISIC_0000009,IP_7,30,torso,male",
    )
    touch(tmp_path, *(f"ISIC_2020_Training_JPEG/train/ISIC_000000{n}.jpg" for n in (1, 2, 3, 4)))
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2020"
    assert dataset.groups.tolist() == ["IP_1"] * 4
    assert {"patient_id", "lesion_id"} <= set(dataset.frame)
    dataset = load_isic_release(tmp_path, group_by="lesion_id")
    assert dataset.groups.tolist() == ["IL_1", "IL_1", "IL_3", "IL_1"]
    assert "by lesion_id, else patient_id" in dataset.DESCR


def test_2020_names_sites_and_patients_of_its_test_set_otherwise(tmp_path):
    write(
        tmp_path,
        "ISIC_2020_Training_GroundTruth.csv",
        METADATA_2020,
        "ISIC_0000001,IP_1,male,45,torso,unknown,benign,0",
        "ISIC_0000002,IP_2,female,50,lower extremity,unknown,benign,0",
    )
    write(
        tmp_path,
        "ISIC_2020_Test_Metadata.csv",
        "image,patient,age_approx,anatom_site_general,sex",
        "ISIC_0000008,IP_7,30,head/neck,male",
        "ISIC_0000009,IP_7,30,torso,male",
    )
    touch(tmp_path, *(f"train/ISIC_000000{n}.jpg" for n in (1, 2)))
    touch(tmp_path, *(f"test/ISIC_000000{n}.jpg" for n in (8, 9)))
    dataset = load_isic_release(tmp_path, label="sex")
    assert dataset.split.tolist() == ["train", "train", "test", "test"]
    sites = ["torso", "lower extremity", "head/neck", "torso"]
    assert dataset.frame["site"].tolist() == sites
    assert dataset.frame["patient_id"].tolist() == ["IP_1", "IP_2", "IP_7", "IP_7"]
    assert dataset.groups.tolist() == ["IP_1", "IP_2", "IP_7", "IP_7"]
    assert dataset.frame["age"].tolist() == [45, 50, 30, 30]
    assert not {"patient", "anatom_site_general_challenge"} & {*dataset.frame}


ROWS_2024 = (
    "ISIC_0000001,0,IP_1,60.0,male,torso,3.0,3.1,Hospital A,CC-BY,,Benign,Benign,,,,,97.5",
    "ISIC_0000002,1,IP_1,60.0,male,,3.0,3.1,Hospital A,CC-BY,IL_1,x,Malignant,x,Melanoma NOS,,.4,9",
    "ISIC_0000003,0,IP_2,,,,3.0,3.1,Hospital B,CC-BY,IL_2,Benign,Benign,y,Nevus,,,97.5",
)


@pytest.mark.usefixtures("quietly")
def test_2024_images(tmp_path):
    write(tmp_path, "train-metadata.csv", METADATA_2024, *ROWS_2024)
    touch(tmp_path, *(f"train-image/image/ISIC_000000{n}.jpg" for n in (1, 2, 3)))
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2024"
    assert dataset.target.tolist() == ["benign", "malignant", "benign"]
    assert dataset.groups.tolist() == ["IP_1", "IP_1", "IP_2"]
    # Patient 1 has an image without a lesion id: it may show any of the patient's lesions.
    by_lesion = load_isic_release(tmp_path, group_by="lesion_id")
    assert by_lesion.groups.tolist() == ["patient IP_1", "patient IP_1", "IL_2"]
    assert dataset.frame["source"].tolist() == ["Hospital A", "Hospital A", "Hospital B"]
    assert dataset.frame["diagnosis"].tolist()[1:] == ["melanoma", "nevus"]
    assert "tbp_lv_areaMM2" in dataset.frame
    assert not {"iddx_1", "iddx_full", "mel_thick_mm", "target_1"} & set(dataset.frame)
    assert "tbp_lv_dnn_lesion_confidence" not in dataset.frame


@pytest.mark.usefixtures("quietly")
def test_2024_has_a_target_of_0_for_indeterminate_lesions(tmp_path):
    name = "Indeterminate"
    rows = (
        f"ISIC_0000004,0,IP_3,,,,3,3,A,CC-BY,,x,{name},y,Solar or actinic keratosis,,,9",
        f"ISIC_0000005,0,IP_4,,,,3,3,A,CC-BY,,{name},{name},,,,,9",
    )
    write(tmp_path, "train-metadata.csv", METADATA_2024, *ROWS_2024, *rows)
    touch(tmp_path, *(f"train-image/image/ISIC_000000{n}.jpg" for n in range(1, 6)))
    own = ["benign", "malignant", "benign"]
    assert load_isic_release(tmp_path).target.tolist() == [*own, "benign", "benign"]
    for rule in ("benign", "malignant"):
        dataset = load_isic_release(tmp_path, label="benign_malignant", indeterminate=rule)
        assert dataset.target.tolist() == [*own, rule, rule]
    message = r"'actinic keratosis' \(1\), 'indeterminate' \(1\). They are left out"
    with pytest.warns(UserWarning, match=message):
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert dataset.target.tolist() == own
    assert dataset.left_out == {"unmapped": 2}
    assert set(dataset.label_account["reason"]) == {"", "indeterminate"}


@pytest.mark.usefixtures("quietly")
def test_2024_of_the_challenge(tmp_path):
    prefix = "ISIC_2024_Permissive_Training"
    write(
        tmp_path,
        f"{prefix}_GroundTruth.csv",
        "isic_id,malignant",
        "ISIC_0000001,0.0",
        "ISIC_0000002,1.0",
    )
    write(
        tmp_path,
        f"{prefix}_Supplement.csv",
        "isic_id,iddx_full,iddx_1,mel_thick_mm,tbp_lv_dnn_lesion_confidence",
        "ISIC_0000001,Benign,Benign,,90",
        "ISIC_0000002,Malignant,Malignant,0.4,90",
    )
    write(
        tmp_path,
        f"{prefix}_Input/metadata.csv",
        "isic_id,attribution,copyright_license,age_approx,patient_id,sex,tbp_lv_areaMM2",
        "ISIC_0000001,A,CC-BY,50,IP_1,male,1",
        "ISIC_0000002,A,CC-BY,50,IP_2,male,1",
    )
    touch(tmp_path, f"{prefix}_Input/ISIC_0000001.jpg", f"{prefix}_Input/ISIC_0000002.jpg")
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2024"
    assert dataset.target.tolist() == ["benign", "malignant"]
    assert dataset.groups.tolist() == ["IP_1", "IP_2"]
    assert set(dataset.frame["image_type"]) == {"TBP tile"}
    for load in (load_isic_release, load_public_dataset):
        assert len(load(tmp_path, image_type="TBP tile").target) == 2
    with pytest.raises(ValueError, match=r"image_type is 'dermoscopic', but .* 'TBP tile'"):
        load_isic_release(tmp_path, image_type="dermoscopic")


def encode(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.usefixtures("quietly")
def test_2024_hdf5_with_a_broken_entry(tmp_path):
    write(tmp_path, "train-metadata.csv", METADATA_2024, *ROWS_2024)
    with h5py.File(tmp_path / "train-image.hdf5", "w") as file:
        file["ISIC_0000001"] = np.void(encode((255, 0, 0)))
        file["ISIC_0000002"] = np.void(encode((255, 0, 0))[:20])
        file["ISIC_0000003"] = np.void(encode((0, 0, 255)))
        file["notes"] = 1
    with pytest.warns(UserWarning, match=r"1 image file\(s\) .* not named by an ISIC id"):
        dataset = load_isic_release(tmp_path)
    assert relative(dataset, tmp_path) == [f"train-image.hdf5/ISIC_000000{n}" for n in (1, 2, 3)]
    assert dataset.left_out == {"without_id": 1}
    with pytest.raises(ValueError, match="hdf5/ISIC_0000002' cannot be read as an image"):
        ImageLoader((4, 4)).transform(dataset.data)
    with pytest.warns(UserWarning, match="1 of 3 images cannot be read and are black"):
        images = ImageLoader((4, 4), on_error="warn").transform(dataset.data)
    assert images[:, 0, 0].tolist() == [[255, 0, 0], [0, 0, 0], [0, 0, 255]]


def test_2024_hdf5_that_is_none(tmp_path):
    write(tmp_path, "train-metadata.csv", METADATA_2024, *ROWS_2024)
    (tmp_path / "train-image.hdf5").write_bytes(b"cut off")
    with pytest.raises(OSError, match="cannot be read as an HDF5 file"):
        load_isic_release(tmp_path)


@pytest.fixture
def cli(tmp_path):
    benign = "Benign,Benign melanocytic proliferations,Nevus"
    write(
        tmp_path,
        "metadata.csv",
        ISIC_CLI,
        f'ISIC_0000001,"Clinic, A",CC-0,85+,anterior torso,,False,{benign},histopathology,'
        "dermoscopic,IL_1,,True,IP_1,male",
        "ISIC_0000002,B,CC-0,40.0,,,True,Malignant,Malignant melanocytic proliferations "
        '(Melanoma),"Melanoma, NOS",histopathology,dermoscopic,,0.3,True,IP_2,female',
        "ISIC_0000003,B,CC-0,,,,,Benign,Benign soft tissue proliferations - Vascular,,,dermoscopic"
        ",,,,,",
        "ISIC_0000004,B,CC-0,,,,,Indeterminate,Indeterminate epidermal proliferations,"
        "Solar or actinic keratosis,,dermoscopic,,,,,",
        "ISIC_0000005,B,CC-0,,,,,Benign,x,Verruca,,dermoscopic,,,,,",
        "ISIC_0000006,B,CC-0,,,,,,,,,dermoscopic,,,,,",
    )
    touch(tmp_path, *(f"ISIC_000000{n}.jpg" for n in range(1, 7)), "attribution.txt")
    return tmp_path


def test_isic_cli(cli):
    unlabelled = "^1 of 6 images with a file have no label .* They are left out.$"
    with (
        pytest.warns(UserWarning, match="^3 of 5 training images .* lesion nor a patient"),
        pytest.warns(UserWarning, match=unlabelled),
    ):
        dataset = load_isic_release(cli)
    assert dataset.release == "isic-cli"
    assert dataset.target.tolist() == [
        "nevus",
        "melanoma",
        "vascular lesion",
        "actinic keratosis",
        "verruca",
    ]
    assert dataset.left_out == {"without_label": 1}
    assert dataset.groups.tolist()[:3] == ["IP_1", "IP_2", "ISIC_0000003"]
    assert dataset.frame["age"].tolist()[:2] == [85, 40]
    assert dataset.frame["source"].tolist()[:2] == ["Clinic, A", "B"]
    assert "image_type" in dataset.frame
    revealing = {"diagnosis_1", "diagnosis_confirm_type", "melanocytic", "concomitant_biopsy"}
    assert not revealing & set(dataset.frame)
    assert all(name in dataset.DESCR for name in revealing)


def test_isic_cli_in_other_label_sets(cli):
    with pytest.warns(UserWarning, match=r"1 image .*: 'actinic keratosis' \(1\)"):
        dataset = load_isic_release(cli, label="benign_malignant")
    assert dataset.target.tolist() == ["benign", "malignant", "benign", "benign"]
    with pytest.warns(UserWarning, match=r"1 image .* 8-class label set: 'verruca' \(1\)"):
        dataset = load_isic_release(cli, label="8-class")
    assert dataset.target.tolist() == [
        "nevus",
        "melanoma",
        "vascular lesion",
        "actinic keratosis",
    ]


def test_isic_cli_with_diagnosis_1_alone(tmp_path):
    """Most of ISIC 2020 has no finer diagnosis in the archive."""
    said = ["Benign", "Malignant", "Indeterminate", "", "Benign"]
    write(
        tmp_path,
        "metadata.csv",
        "isic_id,copyright_license,diagnosis_1,diagnosis_2,diagnosis_3,lesion_id",
        *(f"ISIC_{n:07d},CC-0,{name},,,IL_{n}" for n, name in enumerate(said)),
    )
    touch(tmp_path, *(f"ISIC_{n:07d}.jpg" for n in range(4)))
    with (
        pytest.warns(UserWarning, match="1 of 4 images of the tables have no file"),
        pytest.warns(UserWarning, match="1 image with labels that have no.*'indeterminate' .1"),
    ):
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert dataset.target.tolist() == ["benign", "malignant"]
    assert dataset.left_out == {"missing": 1, "without_label": 1, "unmapped": 1}
    assert len(dataset.target) + sum(dataset.left_out.values()) == len(said)
    assert dataset.label_account["label"].tolist() == ["benign", "malignant", "indeterminate"]
    assert dataset.missing.tolist() == ["ISIC_0000004"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Benign", " label='benign_malignant' needs no exact diagnosis: it reads 1 of them."),
        ("Indeterminate", ""),
    ],
)
def test_isic_cli_without_labels_names_the_label_set_that_reads_more(tmp_path, said, hint):
    write(
        tmp_path,
        "metadata.csv",
        "isic_id,copyright_license,diagnosis_1,diagnosis_3,lesion_id",
        "ISIC_0000001,CC-0,Benign,Nevus,IL_1",
        f"ISIC_0000002,CC-0,{said},,IL_2",
        "ISIC_0000003,CC-0,,,IL_3",
    )
    touch(tmp_path, *(f"ISIC_000000{n}.jpg" for n in (1, 2, 3)))
    with pytest.warns(UserWarning, match=f"^2 of 3 images .* They are left out.{hint}$"):
        load_isic_release(tmp_path)


@pytest.mark.filterwarnings("ignore:3 of 3 training images of isic-cli have neither")
def test_isic_cli_of_old(tmp_path):
    write(
        tmp_path,
        "metadata.csv",
        "isic_id,attribution,copyright_license,age_approx,benign_malignant,diagnosis,sex",
        "ISIC_0000001,A,CC-0,50,benign,nevus,male",
        "ISIC_0000002,A,CC-0,50,indeterminate/malignant,AIMP,male",
        "ISIC_0000003,A,CC-0,50,malignant,squamous cell carcinoma,male",
    )
    touch(tmp_path, *(f"ISIC_000000{n}.jpg" for n in (1, 2, 3)))
    dataset = load_isic_release(tmp_path)
    assert dataset.target.tolist() == [
        "nevus",
        "atypical melanocytic proliferation",
        "squamous cell carcinoma",
    ]
    assert dataset.frame["image_type"].isna().all()
    with pytest.raises(ValueError, match=r"'dermoscopic', but .* isic-cli are of unknown type"):
        load_isic_release(tmp_path, image_type="dermoscopic")


def write_npz(path, n=3, size=28, **others):
    rng = np.random.default_rng(0)
    arrays = {}
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, size, size, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(n, dtype=np.uint8).reshape(-1, 1)
    np.savez(path, **{**arrays, **others})
    return arrays


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("size", [28, 64])
def test_dermamnist(tmp_path, size):
    path = tmp_path / ("dermamnist.npz" if size == 28 else f"dermamnist_{size}.npz")
    arrays = write_npz(path, n=7, size=size)
    for root in (tmp_path, path):
        dataset = load_isic_release(root)
        assert dataset.release == "DermaMNIST"
        assert dataset.data.shape == (21, size, size, 3)
        assert dataset.data.dtype == np.uint8
        np.testing.assert_array_equal(dataset.data[7:14], arrays["val_images"])
    assert dataset.target[:7].tolist() == [
        AKIEC,
        "basal cell carcinoma",
        "benign keratosis",
        "dermatofibroma",
        "melanoma",
        "nevus",
        "vascular lesion",
    ]
    assert dataset.split.tolist() == ["train"] * 7 + ["val"] * 7 + ["test"] * 7
    assert len(set(dataset.groups)) == 21
    assert {
        *("target", "split", "age", "sex", "site", "image_type", "diagnosis", "source"),
    } == set(dataset.frame)
    assert set(dataset.frame["image_type"]) == {"dermoscopic"}
    assert len(load_isic_release(tmp_path, image_type="dermoscopic").target) == 21
    with pytest.raises(ValueError, match=r"'clinical', but .* DermaMNIST are 'dermoscopic'"):
        load_isic_release(tmp_path, image_type="clinical")
    assert "splits share lesions" in dataset.DESCR
    X, y = load_isic_release(tmp_path, split="Test", return_X_y=True)
    np.testing.assert_array_equal(X, arrays["test_images"])
    assert len(y) == 7


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("kind", ["corrected_28", "extended_224"])
def test_dermamnist_with_other_splits(tmp_path, kind):
    """Those of Abhishek, Jain and Hamarneh share no lesions."""
    write_npz(tmp_path / f"dermamnist_{kind}.npz")
    dataset = load_isic_release(tmp_path)
    assert "does not record which images show the same lesion." in dataset.DESCR
    assert "share lesions" not in dataset.DESCR
    rest = "unknown" if "extended" in kind else "HAM10000"
    assert dataset.frame["source"].fillna("unknown").tolist() == ["HAM10000"] * 3 + [rest] * 6


def test_dermamnist_in_another_label_set(tmp_path):
    write_npz(tmp_path / "dermamnist.npz", n=5)
    with pytest.warns(UserWarning, match=f"^3 images .*{AKIEC}. \\(3\\)") as record:
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert record.pop(UserWarning).filename == __file__
    assert dataset.target[:4].tolist() == ["malignant", "benign", "benign", "malignant"]
    assert len(dataset.data) == len(dataset.groups) == len(dataset.frame) == 12
    with pytest.raises(ValueError, match=r"label is 'sex'.*DermaMNIST has no other"):
        load_isic_release(tmp_path, label="sex")


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        (
            {"val_labels": np.array([[6], [9], [-1]])},
            "'val_labels' has 2 values outside of 0 to 6. The first is 9 in row 1",
        ),
        (
            {"test_images": np.zeros((3, 28, 28), np.uint8)},
            r"'test_images' has shape \(3, 28, 28\)",
        ),
        ({"train_labels": np.zeros((2, 1), int)}, r"'train_labels' has shape \(2, 1\).* 3 images"),
        ({"train_labels": np.zeros((3, 1))}, "dtype float64"),
        ({"val_images": np.array([None, None, None])}, "allow_pickle"),
    ],
)
def test_dermamnist_with_other_contents(tmp_path, others, reason):
    write_npz(tmp_path / "dermamnist.npz", **others)
    with pytest.raises(ValueError, match=f"cannot be read as DermaMNIST: .*{reason}.*Download"):
        load_isic_release(tmp_path)


def test_dermamnist_that_is_broken(tmp_path):
    path = tmp_path / "dermamnist.npz"
    path.write_bytes(b"PK\3\4 cut off")
    with pytest.raises(ValueError, match="cannot be read as DermaMNIST"):
        load_isic_release(tmp_path)
    np.savez(path, train_images=np.zeros((1, 28, 28, 3), np.uint8))
    with pytest.raises(ValueError, match=r"it lacks \['train_labels'\]"):
        load_isic_release(tmp_path)


def test_dermamnist_of_two_sizes(tmp_path):
    write_npz(tmp_path / "dermamnist.npz")
    write_npz(tmp_path / "dermamnist_64.npz")
    with pytest.raises(ValueError, match=r"2 files of DermaMNIST: .*dermamnist.npz.*Pass the path"):
        load_isic_release(tmp_path)


# Labels


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("my_preds.csv", ["image_name,target", "ISIC_0000004,1"]),
        ("train_predictions.csv", ["image_name,target,fold", "ISIC_0000004,1,2"]),
        ("best.csv", ["isic_id,target", "ISIC_0000004,1"]),
        ("best.csv", ["ISIC_0000004,1.0"]),
        ("best.csv", [LABELS_2019, "ISIC_0000004,0,0,1,0,0,0,0,0,0"]),
        ("best.csv", ["image_id,dx", "ISIC_0000004,bcc"]),
    ],
)
def test_predictions_are_no_ground_truth(isic2020, name, lines):
    write(isic2020, name, *lines)
    with pytest.warns(UserWarning, match=f"may be predictions and were left out: '{name}'.*rename"):
        dataset = load_isic_release(isic2020)
    assert dataset.release == "2020"
    assert ids(dataset) == ["0000001", "0000002", "0000003"]
    assert dataset.left_out == {"without_label": 1}


def test_predictions_alone_are_named(tmp_path):
    write(tmp_path, "best.csv", "isic_id,target", "ISIC_0000004,1")
    touch(tmp_path, "ISIC_0000004.jpg")
    for release in ("auto", "2024"):
        with pytest.raises(ValueError, match=r"may be predictions and were left out: 'best.csv'"):
            load_isic_release(tmp_path, release)


@pytest.mark.parametrize("columns", ["", "image_id", "image_id,lesion_id", "image_id,dx"])
def test_a_table_without_labels_may_say_which_images_are_the_test_set(tmp_path, columns):
    rows = [
        f"L{n // 2},ISIC_002000{n},{'nv' if n < 4 else 'mel'},histo,50,male,back" for n in range(8)
    ]
    write(tmp_path, "HAM10000_metadata.csv", METADATA_HAM, *rows)
    write(
        tmp_path, "train.csv", "image_id,dx", *(",".join(row.split(",")[1:3]) for row in rows[:6])
    )
    cells = {"": 1, "image_id": 1, "image_id,lesion_id": 1, "image_id,dx": 1}[columns]
    listed = [[row.split(",")[1], "x"][: cells + columns.count(",")] for row in rows[6:]]
    if columns == "image_id,dx":
        listed = [row.split(",")[1:3] for row in rows[6:]]
    write(tmp_path, "test.csv", *[columns] * bool(columns), *map(",".join, listed))
    touch(tmp_path, *(f"ISIC_002000{n}.jpg" for n in range(8)))
    message = "^.*test.csv' is left out, but its name says 'test'. The 2 images in it that no other"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "These tables of labels may be predictions")
        with pytest.warns(UserWarning, match=message):
            dataset = load_isic_release(tmp_path)
        assert dataset.split.tolist() == ["train"] * 6 + ["test"] * 2
        with pytest.warns(UserWarning, match=message):
            assert len(load_isic_release(tmp_path, split="train").data) == 6


def test_an_image_in_the_tables_of_two_splits_is_named(tmp_path):
    rows = [f"L{n},ISIC_002000{n},nv,histo,50,male,back" for n in range(4)]
    write(tmp_path, "train_metadata.csv", METADATA_HAM, *rows)
    write(tmp_path, "test.csv", "image_id", "ISIC_0020003", "ISIC_0029999")
    touch(tmp_path, *(f"ISIC_002000{n}.jpg" for n in range(4)))
    with pytest.warns(UserWarning, match="test.csv' has 1 image of another split .* of 'train'"):
        assert load_isic_release(tmp_path).split.tolist() == ["train"] * 4


def write_two_sides(root):
    """Write the full metadata of a training set, and that of a test set without labels."""
    n = iter(range(100_001, 100_061))
    rows = [f"ISIC_{i:07d},IP_{i},male,45.0,torso,nevus,benign,0" for i in islice(n, 40)]
    write(root, "train.csv", METADATA_2020, *rows)
    columns = ",".join(METADATA_2020.split(",")[:5])
    rows = [f"ISIC_{i:07d},IP_{i},male,45.0,torso" for i in n]
    write(root, "test.csv", columns, *rows)
    touch(root, *(f"ISIC_{i:07d}.jpg" for i in range(100_001, 100_061)))
    return columns, rows


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("pseudo_labels.csv", "image_name,target"),
        ("test_labels_v3.csv", "image_name,target"),
        ("my_labels.csv", "image_name,patient_id,target"),
        ("blend.csv", "image_name,patient_id,target"),
        ("oof_train.csv", "image_name,patient_id,target"),
        ("test_predictions.csv", METADATA_2020),
        ("ensemble_final.csv", METADATA_2020),
        ("final.csv", METADATA_2020),
        ("final.csv", "image_name,patient_id,target"),
    ],
)
def test_labels_of_somebody_for_a_test_set_are_left_out(tmp_path, name, columns):
    known, rows = write_two_sides(tmp_path)
    cells = [dict(zip(known.split(","), row.split(","), strict=True)) for row in rows]
    lines = [",".join(x.get(key, "1") for key in columns.split(",")) for x in cells]
    write(tmp_path, name, columns, *lines)
    with pytest.warns(UserWarning, match=f"may be predictions and were left out: '{name}'.*rename"):
        dataset = load_isic_release(tmp_path)
    assert len(dataset.target) == 40
    assert dataset.left_out == {"without_label": 20}


def test_labels_of_a_test_set_are_read_once_they_say_ground_truth(tmp_path):
    _, rows = write_two_sides(tmp_path)
    write(tmp_path, "test_labels.csv", "image_name,target", *(f"{row[:12]},1" for row in rows))
    with pytest.warns(UserWarning, match="left out: 'test_labels.csv'.*'Test_GroundTruth.csv'"):
        load_isic_release(tmp_path)
    (tmp_path / "test_labels.csv").rename(tmp_path / "Test_GroundTruth.csv")
    dataset = load_isic_release(tmp_path, split="test")
    assert dataset.target.tolist() == ["malignant"] * 20
    # Where no other table has labels, these are the ones.
    (tmp_path / "train.csv").unlink()
    (tmp_path / "Test_GroundTruth.csv").rename(tmp_path / "test_labels.csv")
    assert load_isic_release(tmp_path).split.tolist() == ["test"] * 20


@pytest.mark.usefixtures("quietly")
def test_a_table_of_both_sides_that_labels_one_is_read(tmp_path):
    _, rows = write_two_sides(tmp_path)
    (tmp_path / "train.csv").rename(tmp_path / "all.csv")
    with open(tmp_path / "all.csv", "a") as file:
        file.writelines(f"\n{row},,," for row in rows)
    assert len(load_isic_release(tmp_path).target) == 40


def test_left_out_labels_are_named_where_none_are_left(tmp_path):
    _, rows = write_two_sides(tmp_path)
    (tmp_path / "train.csv").unlink()
    write(tmp_path, "final.csv", "image_name,target", *(f"{row[:12]},1" for row in rows))
    with (
        pytest.warns(UserWarning, match=r"left out: 'final.csv'"),
        pytest.raises(ValueError, match="has a label"),
    ):
        load_isic_release(tmp_path)


@pytest.mark.usefixtures("quietly")
def test_labels_alone_under_the_name_of_a_ground_truth(tmp_path):
    write(tmp_path, "ground_truth.csv", "image_name,target,patient_id", "ISIC_0000004,1,IP_1")
    touch(tmp_path, "ISIC_0000004.jpg")
    assert load_isic_release(tmp_path).target.tolist() == ["malignant"]


@pytest.mark.usefixtures("quietly")
def test_column_as_label(cli):
    with pytest.warns(UserWarning, match="^4 of 6 images with a file .*. They are left out.$"):
        dataset = load_isic_release(cli, label="diagnosis_confirm_type")
    assert dataset.target.tolist() == ["histopathology", "histopathology"]
    assert dataset.target_names.tolist() == ["histopathology"]
    assert dataset.left_out == {"without_label": 4}
    # Asked for by name, it is there.
    assert dataset.frame["diagnosis_confirm_type"].tolist() == ["histopathology"] * 2
    assert "diagnosis_1" not in dataset.frame
    with pytest.warns(UserWarning, match="have no label"):
        assert load_isic_release(cli, label="diagnosis_3").target.tolist()[1] == "Melanoma, NOS"
    with pytest.warns(UserWarning, match="have no label"):
        assert load_isic_release(cli, label="sex").target.tolist() == ["male", "female"]


@pytest.mark.usefixtures("quietly")
def test_target_as_label(isic2020):
    dataset = load_isic_release(isic2020, label="target")
    assert dataset.target.tolist() == ["0", "1", "0"]
    assert dataset.frame["target"].tolist() == ["0", "1", "0"]
    assert dataset.frame["metadata_target"].tolist() == [0, 1, 0]


def test_unknown_label(ham):
    with pytest.raises(ValueError, match=r"label is 'dx_typ'.*'dx_type'.*Did you mean 'dx_type'\?"):
        load_isic_release(ham, label="dx_typ")
    for label in ("_split", "_label"):
        with pytest.raises(ValueError, match=f"label is '{label}'"):
            load_isic_release(ham, label=label)


def test_labels_without_counterpart_are_left_out_with_a_warning(ham):
    message = r"^3 images with .* 9-class label set: .*'benign keratosis' \(2\).* left out"
    with pytest.warns(UserWarning, match=message) as record:
        dataset = load_isic_release(ham, label="9-class")
    assert record.pop(UserWarning).filename == __file__
    assert dataset.target.tolist() == ["nevus"]
    assert dataset.left_out == {"unmapped": 3}
    assert "counterpart in the label set (3)" in dataset.DESCR


def test_no_label_has_a_counterpart(tmp_path):
    write(tmp_path, "ISBI2016_ISIC_Part3_Training_GroundTruth.csv", "ISIC_0000001,benign")
    touch(tmp_path, "ISIC_0000001.jpg")
    with pytest.raises(ValueError, match=r"No image is left to load\. 1 image .*'benign' \(1\)"):
        load_isic_release(tmp_path, label="7-class")


# Groups


def write_2020(root, *ids):
    """Write a table of 2020 with these pairs of patient and lesion."""
    write(
        root,
        "train.csv",
        "image_name,patient_id,lesion_id,age_approx,target",
        *(
            f"ISIC_{n + 100_000:07d},{patient},{lesion},40,0"
            for n, (patient, lesion) in enumerate(ids)
        ),
    )
    touch(root, *(f"ISIC_{n + 100_000:07d}.jpg" for n in range(len(ids))))


@pytest.mark.usefixtures("quietly")
def test_images_of_a_lesion_are_in_one_group(tmp_path):
    pairs = [
        ("a", "x"),
        ("", "x"),
        ("b", "y"),
        ("a", "y"),
        ("", "z"),
        ("", "z"),
        ("c", ""),
        ("c", "v"),
    ]
    write_2020(tmp_path, *pairs)
    for group_by, expected in {
        None: ["a"] * 4 + ["lesion z"] * 2 + ["c"] * 2,
        "patient_id": ["a"] * 4 + ["lesion z"] * 2 + ["c"] * 2,
        "lesion_id": ["x"] * 2 + ["y"] * 2 + ["z"] * 2 + ["patient c"] * 2,
    }.items():
        dataset = load_isic_release(tmp_path, group_by=group_by)
        assert dataset.groups.tolist() == expected
        assert {"patient_id", "lesion_id"} <= set(dataset.frame)
    with pytest.raises(ValueError, match="'group_by' parameter"):
        load_isic_release(tmp_path, group_by="age")


@pytest.mark.usefixtures("quietly")
def test_a_lesion_and_a_patient_of_one_name_are_two_groups(tmp_path):
    write_2020(tmp_path, ("1", "2"), ("", "1"), ("1", ""))
    assert load_isic_release(tmp_path).groups.tolist() == ["1", "lesion 1", "1"]


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("placeholder", ["-1", "none", "?", "0", "N/A", "unknown", "-1.0"])
def test_placeholders_are_no_ids(tmp_path, placeholder):
    pairs = [
        (placeholder, ""),
        ("b", placeholder),
        (placeholder, placeholder),
        ("b", "y"),
        ("b", ""),
    ]
    write_2020(tmp_path, *pairs)
    dataset = load_isic_release(tmp_path)
    assert dataset.groups.tolist() == ["ISIC_0100000", "b", "ISIC_0100002", "b", "b"]
    assert dataset.frame["patient_id"].isna().tolist() == [True, False, True, False, False]


@pytest.mark.usefixtures("quietly")
def test_ids_that_count_up_from_zero(tmp_path):
    write_2020(tmp_path, ("0", ""), ("0", ""), ("1", ""), ("2", ""))
    assert load_isic_release(tmp_path).groups.tolist() == ["0", "0", "1", "2"]


def test_a_group_of_an_implausible_share(tmp_path):
    write_2020(tmp_path, *[("IP_x", "")] * 30, *[(f"IP_{n}", "") for n in range(30)])
    with pytest.warns(UserWarning, match="^30 of 60 images are in one group, 'IP_x'.*blank"):
        load_isic_release(tmp_path)


@pytest.mark.parametrize(
    ("name", "lines", "table"),
    [
        (
            "ISIC_2019_Training_GroundTruth.csv",
            [LABELS_2019, "ISIC_0000001,0,1,0,0,0,0,0,0,0"],
            "ISIC_2019_Training_Metadata.csv",
        ),
        (
            "ISIC2018_Task3_Training_GroundTruth.csv",
            [LABELS_2018, "ISIC_0000001,0,1,0,0,0,0,0"],
            "ISIC2018_Task3_Training_LesionGroupings.csv",
        ),
        ("HAM10000_metadata.csv", ["image_id,dx,age", "ISIC_0000001,nv,3"], "HAM10000_metadata"),
        ("train.csv", ["image_name,target,age_approx", "ISIC_0000001,0,4"], "GroundTruth_v2.csv"),
        ("train-metadata.csv", ["isic_id,target", "ISIC_0000001,0"], "train-metadata.csv"),
    ],
)
def test_missing_table_of_ids(tmp_path, name, lines, table):
    write(tmp_path, name, *lines)
    touch(tmp_path, "ISIC_0000001.jpg")
    with pytest.warns(UserWarning, match=f"^1 of 1 training .*{table}.* own group"):
        load_isic_release(tmp_path)


# Columns


def write_2019_as_2020(root, columns, *rows):
    """Write a resized copy of ISIC 2019 as Kaggle shares it: its columns are those of 2020."""
    cells = [f"ISIC_{n:07d},-1,male,45.0,torso,{row}" for n, row in enumerate(rows, 24_306)]
    write(root, "train.csv", ",".join([*METADATA_2020.split(",")[:5], columns]), *cells)
    touch(root, *(f"train/ISIC_{n:07d}.jpg" for n in range(24_306, 24_306 + len(rows))))


@pytest.mark.filterwarnings("ignore:.*neither a lesion nor a patient")
@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (
            "diagnosis,benign_malignant,target",
            ["NV,benign,0", "MEL,malignant,1", "BCC,malignant,0", "AK,,0"],
        ),
        ("diagnosis,target", ["nevus,0", "melanoma,1", "basal cell carcinoma,0", "SCC,0"]),
        (
            f"{LABELS_2019.removeprefix('image,')},target",
            ["0,1,0,0,0,0,0,0,0,0", "1,0,0,0,0,0,0,0,0,1", "0,0,1,0,0,0,0,0,0,0"],
        ),
    ],
)
def test_2019_with_the_columns_of_2020(tmp_path, columns, rows):
    write_2019_as_2020(tmp_path, columns, *rows)
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2019"
    assert dataset.target.tolist()[:3] == ["nevus", "melanoma", "basal cell carcinoma"]
    assert not {"MEL", "metadata_target"} & set(dataset.frame)
    assert len(set(dataset.groups)) == len(rows)
    for rule in ("benign", "malignant"):
        dataset = load_isic_release(tmp_path, label="benign_malignant", indeterminate=rule)
        # Some of these copies have a target of 1 for melanomas alone.
        expected = ["benign", "malignant", "malignant", rule if "AK" in rows[-1] else "malignant"]
        assert dataset.target.tolist() == expected[: len(rows)]


@pytest.mark.filterwarnings("ignore:.*neither a lesion nor a patient")
def test_2019_with_the_columns_of_2020_in_upper_case(tmp_path):
    write_2019_as_2020(tmp_path, "diagnosis,target", "NV,0", "BCC,1")
    table = tmp_path / "train.csv"
    header, *rows = table.read_text().splitlines()
    write(tmp_path, "train.csv", header.upper(), *rows)
    dataset = load_isic_release(tmp_path)
    assert dataset.release == "2019"
    assert dataset.target.tolist() == ["nevus", "basal cell carcinoma"]


@pytest.mark.usefixtures("quietly")
def test_a_target_of_melanomas_alone(tmp_path):
    """A malignant or indeterminate diagnosis decides; otherwise the label of the release does."""
    diagnoses = {
        "basal cell carcinoma,benign,0": "malignant",
        "actinic keratosis,benign,0": "drop",
        "atypical melanocytic proliferation,malignant,1": "drop",
        "nevus,indeterminate/benign,0": "drop",
        "melanoma,indeterminate/malignant,0": "malignant",
        "nevus,malignant,1": "malignant",
        "unknown,benign,0": "benign",
        "eczema,benign,0": "benign",
    }
    rows = [f"ISIC_{n:07d},IP_{n},,40,,{row}" for n, row in enumerate(diagnoses, 100_000)]
    write(tmp_path, "train.csv", METADATA_2020, *rows)
    touch(tmp_path, *(f"ISIC_{n:07d}.jpg" for n in range(100_000, 100_000 + len(rows))))
    own = load_isic_release(tmp_path)
    assert own.release == "2020"
    assert [row[-1] == "1" for row in diagnoses] == (own.target == "malignant").tolist()
    for rule in ("benign", "malignant"):
        dataset = load_isic_release(tmp_path, label="benign_malignant", indeterminate=rule)
        expected = [rule if kind == "drop" else kind for kind in diagnoses.values()]
        assert dataset.target.tolist() == expected
    with pytest.warns(UserWarning, match="3 images with labels that have no counterpart"):
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert dataset.left_out == {"unmapped": 3}


@pytest.mark.filterwarnings("ignore:.*neither a lesion nor a patient")
def test_2019_without_a_diagnosis_and_with_a_target(tmp_path):
    """Of another disease than melanoma, such a target says nothing."""
    rows = ["0,0,0,0,0,0,0,0,1,0", "0,1,0,0,0,0,0,0,0,0"]
    write_2019_as_2020(tmp_path, f"{LABELS_2019.removeprefix('image,')},target", *rows)
    with pytest.warns(UserWarning, match=r"1 image with labels that have no.*'unknown' \(1\)"):
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert dataset.target.tolist() == ["benign"]


@pytest.mark.filterwarnings("ignore:.*neither a lesion nor a patient")
@pytest.mark.parametrize("columns", ["benign_malignant,target", "diagnosis,benign_malignant"])
def test_2019_or_2020_is_asked_where_it_is_unclear(tmp_path, columns):
    rows = ["benign,0", "malignant,1"] if "target" in columns else ["nevus,benign", "NV,malignant"]
    write_2019_as_2020(tmp_path, columns, *(rows * 10))
    with pytest.raises(
        ValueError, match=r"train.csv' has the columns of ISIC 2020, but 100% of its 20 ids.*Pass"
    ):
        load_isic_release(tmp_path)
    for release in ("2019", "2020"):
        dataset = load_isic_release(tmp_path, release=release, label="benign_malignant")
        assert dataset.release == release
        assert dataset.target.tolist()[:2] == ["benign", "malignant"]


def test_malformed_ids_are_left_out_however_many(tmp_path):
    write_2020(tmp_path, *[(f"IP_{n}", "") for n in range(3)])
    with open(tmp_path / "train.csv", "a") as table:
        table.writelines(f"PAD_{n},IP_{n},,40,0\n" for n in range(400))
    message = (
        r"400 of 403 row\(s\) of .*train.csv' have a 'image_name' that is not an ISIC id"
        r" \(line 5: 'PAD_0', line 6: 'PAD_1', line 7: 'PAD_2', \.\.\.\).*left out"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        dataset = load_isic_release(tmp_path)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert len(dataset.data) == 3
    assert dataset.left_out == {"malformed_id": 400}
    assert "Left out: rows of the tables without an ISIC id (400)." in dataset.DESCR


def test_one_malformed_id_is_left_out(tmp_path):
    write_2020(tmp_path / "ham_test_run", *[(f"IP_{n}", "") for n in range(30)])
    with open(tmp_path / "ham_test_run/train.csv", "a") as table:
        table.write("total,IP_1,,40,0\n")
    os.rename(tmp_path / "ham_test_run/train.csv", tmp_path / "ham_test_run/table.csv")
    with pytest.warns(UserWarning, match="1 of 31 row.* is not an ISIC id.*'total'.* left out"):
        dataset = load_isic_release(tmp_path)
    assert len(dataset.data) == 30
    # The folder's name tells no split.
    assert dataset.split is None


@pytest.mark.usefixtures("quietly")
def test_sites_of_the_archive_of_today(tmp_path):
    sites = {
        "Trunk,Posterior trunk,": "posterior torso",
        "Trunk,,": "torso",
        "Head and neck,Face,Nose": "head/neck",
        "Lower extremity,Thigh,": "lower extremity",
        "Nail,,": "nail",
        ",,": "",
    }
    write(
        tmp_path,
        "metadata.csv",
        "isic_id,diagnosis_1,patient_id,anatom_site_1,anatom_site_2,anatom_site_3",
        *(f"ISIC_{n:07d},Benign,IP_{n},{site}" for n, site in enumerate(sites)),
    )
    touch(tmp_path, *(f"ISIC_{n:07d}.jpg" for n in range(len(sites))))
    frame = load_isic_release(tmp_path, label="benign_malignant").frame
    assert frame["site"].fillna("").tolist() == list(sites.values())


@pytest.mark.usefixtures("quietly")
def test_an_index_that_pandas_wrote_is_no_column(ham):
    table = pd.read_csv(ham / "HAM10000_metadata.csv")
    for _ in range(2):  # a saved index, and one saved twice
        table.to_csv(ham / "HAM10000_metadata.csv")
        assert not [x for x in load_isic_release(ham).frame if "Unnamed" in x]
        table = pd.read_csv(ham / "HAM10000_metadata.csv")


def test_a_column_in_the_order_of_the_classes(tmp_path):
    write(
        tmp_path,
        "train.csv",
        "image_name,patient_id,age_approx,row,target",
        *(f"ISIC_{n + 100_000:07d},IP_{n},{n % 9},{n},{n // 30}" for n in range(60)),
    )
    touch(tmp_path, *(f"ISIC_{n + 100_000:07d}.jpg" for n in range(60)))
    with pytest.warns(UserWarning, match=r"^The column\(s\) \['row'\] .* reveal the class"):
        load_isic_release(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*reveal the class")
        assert len(load_isic_release(tmp_path, label="row").target) == 60


# Files


@pytest.mark.usefixtures("quietly")
def test_a_file_in_place_of_its_folder(ham):
    with pytest.raises(NotADirectoryError, match=r"metadata.csv' is a file.*Pass '.*'. .* unpack"):
        load_isic_release(ham / "HAM10000_metadata.csv")


def test_images_missing_on_disk_are_counted(ham):
    os.remove(ham / "HAM10000_images_part_2/ISIC_0000002.jpg")
    os.remove(ham / "HAM10000_images_part_2/ISIC_0000004.jpg")
    with pytest.warns(
        UserWarning, match="^2 of 4 images of the tables have no file.*'ISIC_0000002'"
    ):
        dataset = load_isic_release(ham)
    assert ids(dataset) == ["0000001", "0000003"]
    assert dataset.left_out == {"missing": 2}
    assert dataset.missing.tolist() == ["ISIC_0000002", "ISIC_0000004"]
    assert AKIEC in dataset.target_names


def test_files_without_a_row_are_counted(ham):
    touch(ham, "HAM10000_images_part_1/ISIC_0000009.jpg", "x/ISIC_0000008.jpg", "x/other.jpg")
    with (
        pytest.warns(UserWarning, match="^2 of 6 image files have no row.*ISIC_0000008.jpg"),
        pytest.warns(UserWarning, match=r"^1 image file\(s\) .* not named by an ISIC id"),
    ):
        dataset = load_isic_release(ham)
    assert dataset.left_out == {"without_row": 2, "without_id": 1}


def test_no_image_at_all(ham):
    write(ham, "a/HAM10000_metadata.csv", METADATA_HAM, "HAM_1,ISIC_0000001,bkl,histo,,,")
    with pytest.raises(ValueError, match=r"None of 1 image .*'ISIC_0000001.jpg', at any depth"):
        load_isic_release(ham / "a")


@pytest.mark.usefixtures("quietly")
def test_splits_without_images_are_passed_over(isic2019):
    write(isic2019, "ISIC_2019_Test_GroundTruth.csv", LABELS_2019, "ISIC_0000005,1,0,0,0,0,0,0,0,0")
    dataset = load_isic_release(isic2019)
    assert set(dataset.split) == {"train"}
    assert dataset.missing.tolist() == []
    with pytest.raises(ValueError, match=r"split is 'test', but the splits .* are 'train'"):
        load_isic_release(isic2019, split="test")


@pytest.mark.usefixtures("quietly")
def test_one_id_twice_on_disk(ham):
    touch(
        ham,
        "ham10000_images_part_1/ISIC_0000001.jpg",
        "HAM10000_images_part_1/ISIC_0000001 (1).jpg",
        "HAM10000_images_part_1/ISIC_0000001_downsampled.jpg",
    )
    dataset = load_isic_release(ham)
    assert len(dataset.data) == 4
    assert relative(dataset, ham)[0] == "HAM10000_images_part_1/ISIC_0000001.jpg"
    assert dataset.left_out == {"doubles": 3}


@pytest.mark.usefixtures("quietly")
def test_variants_of_names_are_found(ham):
    folder = ham / "HAM10000_images_part_1"
    (folder / "ISIC_0000001.jpg").rename(folder / "isic_0000001_downsampled (1).JPEG")
    assert load_isic_release(ham).data[0, 0].endswith("isic_0000001_downsampled (1).JPEG")


@pytest.mark.usefixtures("quietly")
def test_what_is_no_image_is_not_taken_for_one(ham):
    touch(
        ham,
        "__MACOSX/HAM10000_images_part_1/ISIC_0000001.jpg",
        ".cache/ISIC_0000002.jpg",
        "HAM10000_images_part_1/.ISIC_0000003.jpg",
        "HAM10000_images_part_1/ISIC_0000003.txt",
        "HAM10000_segmentations_lesion_tschandl/ISIC_0000003_segmentation.png",
        "masks/ISIC_0000003.png",
        "masks/train/a/ISIC_0000004.png",
    )
    dataset = load_isic_release(ham)
    assert len(dataset.data) == 4
    assert all(path.endswith(".jpg") for path in dataset.data[:, 0])
    assert dataset.left_out == {"masks": 3}


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize(
    "folder",
    [
        "images",
        "Photographs",
        "ISIC2018_Task1-2_Training_Input",
        "ISIC-2017_Training_Data",
        "ISBI2016_ISIC_Part1_Training_Data",
    ],
)
def test_images_beside_masks_in_a_folder_whose_name_tells_of_masks(tmp_path, folder):
    write(tmp_path, "HAM10000_metadata.csv", METADATA_HAM, "HAM_1,ISIC_0000001,bkl,histo,,,")
    masks = ("m", "data", f"{folder}/masks")
    touch(tmp_path, *(f"segmentation/{kind}/train/ISIC_0000001.jpg" for kind in (folder, *masks)))
    dataset = load_isic_release(tmp_path)
    assert relative(dataset, tmp_path) == [f"segmentation/{folder}/train/ISIC_0000001.jpg"]
    assert dataset.left_out == {"masks": 3}


def test_where_images_are_missing_masks_are_named(ham):
    for number in (1, 2):
        (ham / f"HAM10000_images_part_{number}").rename(ham / f"part_{number}_segmentation")
    masks = r"Files of masks, by the name of a folder or a file: 4\."
    with pytest.raises(ValueError, match=rf"^None of 4 images .*{masks}"):
        load_isic_release(ham)
    touch(ham, "ISIC_0000001.jpg")
    with pytest.warns(UserWarning, match=rf"^3 of 4 images .* They are left out\. {masks}"):
        load_isic_release(ham)


@pytest.mark.usefixtures("quietly")
def test_links_that_lead_back_up(ham):
    try:
        (ham / "HAM10000_images_part_1" / "again").symlink_to(ham, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert len(load_isic_release(ham).data) == 4
    assert load_isic_release(ham).left_out == {}


@pytest.mark.usefixtures("quietly")
def test_root_is_kept_as_given(ham, monkeypatch):
    monkeypatch.chdir(ham.parent)
    path = load_isic_release(Path(ham.name)).data[0, 0]
    assert path == os.path.join(ham.name, "HAM10000_images_part_1", "ISIC_0000001.jpg")


# Tables that are broken, or only look so


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_byte_order_mark(isic2019, separator, encoding):
    expected = load_isic_release(isic2019)
    for path in isic2019.glob("*.csv"):
        lines = [line.replace(",", separator) for line in path.read_text().splitlines()]
        if separator == ";":  # as a spreadsheet with decimal commas saves it
            lines = [line.replace(".", ",") for line in lines]
        path.write_text("\r\n".join(lines) + "\r\n\r\n", encoding=encoding)
    dataset = load_isic_release(isic2019)
    assert dataset.target.tolist() == expected.target.tolist()
    pd.testing.assert_frame_equal(dataset.frame, expected.frame)


def test_upper_and_lower_case_of_columns(tmp_path):
    write(
        tmp_path,
        "a_labels.csv",
        LABELS_2018.lower().replace("image", " Image "),
        "ISIC_0000001,1,0,0,0,0,0,0",
    )
    write(
        tmp_path,
        "LesionGroupings.csv",
        "IMAGE,Lesion_ID,Diagnosis_Confirm_Type,Patient_ID",
        "ISIC_0000001,HAM_1,histopathology,?",
    )
    touch(tmp_path, "ISIC_0000001.jpg")
    dataset = load_isic_release(tmp_path)
    assert dataset.target.tolist() == ["melanoma"]
    assert dataset.frame["lesion_id"].tolist() == ["HAM_1"]
    assert dataset.frame["patient_id"].isna().all()


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_missing_column(isic2019):
    path = isic2019 / "ISIC_2019_Training_GroundTruth.csv"
    rewrite(path, ",SCC", ",SQ")
    message = r"GroundTruth.csv' lacks the column\(s\) \['SCC'\]; it has \['image', 'MEL'.*2019"
    with pytest.raises(ValueError, match=message):
        load_isic_release(isic2019)


@pytest.mark.parametrize("doubled", ["MEL", "mel"])
def test_doubled_column(isic2019, doubled):
    rewrite(isic2019 / "ISIC_2019_Training_GroundTruth.csv", ",UNK", f",{doubled}")
    message = r"GroundTruth.csv' has more than one column with the name\(s\) 'MEL'. Expected each"
    with pytest.raises(ValueError, match=message):
        load_isic_release(isic2019)


@pytest.mark.parametrize(
    ("scores", "total"),
    [("0,0,0,0,0,0,0,0,0", "0"), ("0,1,0,1,0,0,0,0,0", "2"), ("0,2,-1,0,0,0,0,0,0", "1")],
)
def test_one_hot_rows_that_name_no_class(isic2019, scores, total):
    path = isic2019 / "ISIC_2019_Training_GroundTruth.csv"
    rewrite(path, "ISIC_0000002,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0", f"ISIC_0000002,{scores}")
    message = rf"1 row\(s\) .* exactly one class. .*'ISIC_0000002' with MEL=.*\(sum {total}\)"
    with pytest.raises(ValueError, match=message):
        load_isic_release(isic2019)


def test_one_hot_value_that_is_no_number(isic2019):
    rewrite(isic2019 / "ISIC_2019_Training_GroundTruth.csv", "ISIC_0000003,0.0", "ISIC_0000003,x")
    with pytest.raises(ValueError, match=r"1 row\(s\) that do not have exactly one class.*MEL=x"):
        load_isic_release(isic2019)


def test_two_diseases_in_2017(tmp_path):
    write(
        tmp_path,
        "ISIC-2017_Training_Part3_GroundTruth.csv",
        "image_id,melanoma,seborrheic_keratosis",
        "ISIC_0000001,1.0,1.0",
    )
    with pytest.raises(ValueError, match=r"exactly one class.*seborrheic_keratosis=1.0"):
        load_isic_release(tmp_path)


def test_value_that_is_neither_benign_nor_malignant(isic2020):
    rewrite(isic2020 / "train.csv", "nevus,benign,0", "nevus,,2")
    message = r"train.csv' has 1 value\(s\) of 'target' .* The first is '2' for 'ISIC_0000003'"
    with pytest.raises(ValueError, match=message):
        load_isic_release(isic2020)


@pytest.mark.usefixtures("quietly")
def test_equal_rows_of_one_id(ham):
    rewrite(
        ham / "HAM10000_metadata.csv",
        "HAM_2,",
        "HAM_3,ISIC_0000004,akiec,histo,55.0,female,trunk\nHAM_2,",
    )
    assert sorted(ids(load_isic_release(ham))) == ["0000001", "0000002", "0000003", "0000004"]


def test_contradictory_rows_of_one_id(ham):
    rewrite(
        ham / "HAM10000_metadata.csv",
        "HAM_2,",
        "HAM_3,ISIC_0000004,mel,histo,55.0,female,trunk\nHAM_2,",
    )
    message = "two rows for 'ISIC_0000004'.*'dx' is 'mel' in line 4 and 'akiec' in line 6"
    with pytest.raises(ValueError, match=message):
        load_isic_release(ham)


def test_contradictory_tables(ham):
    write(
        ham, "copy/HAM10000_metadata.csv", METADATA_HAM, "HAM_1,ISIC_0000001,nv,histo,80,male,scalp"
    )
    write(ham, "a/HAM10000_metadata.csv", METADATA_HAM, "HAM_9,ISIC_0000009,nv,histo,80,male,scalp")
    message = (
        r"copy.HAM10000_metadata.csv' contradicts '[^']*/HAM10000_metadata.csv' in 1 row\(s\): .*"
        r" of 'ISIC_0000001' is 'nv' instead of 'bkl'"
    )
    with pytest.raises(ValueError, match=message):
        load_isic_release(ham)


def test_one_image_in_two_splits(isic2019):
    write(isic2019, "ISIC_2019_Test_GroundTruth.csv", LABELS_2019, "ISIC_0000002,0,0,0,0,0,0,0,1,0")
    with pytest.raises(ValueError, match="'split' of 'ISIC_0000002' is 'test' instead of 'train'"):
        load_isic_release(isic2019)


@pytest.mark.usefixtures("quietly")
def test_the_same_table_twice(ham):
    text = (ham / "HAM10000_metadata.csv").read_text()
    write(ham, "copy/HAM10000_metadata.csv", text.replace("80.0", "80").rstrip())
    assert len(load_isic_release(ham).data) == 4


@pytest.mark.parametrize("bad", ["", "0000003", "ISIC_0000003_segmentation"])
def test_row_without_an_isic_id(ham, bad):
    rewrite(ham / "HAM10000_metadata.csv", "ISIC_0000003", bad)
    with (
        pytest.warns(UserWarning, match=r"1 of 4 row\(s\) of .* have a 'image_id' .* \(line 4: "),
        pytest.warns(UserWarning, match=r"1 of 4 image files have no row"),
    ):
        dataset = load_isic_release(ham)
    assert dataset.left_out == {"without_row": 1, "malformed_id": 1}
    rewrite(ham / "HAM10000_metadata.csv", "ISIC_", "HAM_")
    with pytest.raises(ValueError, match=r"4 of 4 row\(s\) of .* that is not an ISIC id"):
        load_isic_release(ham)


@pytest.mark.usefixtures("quietly")
def test_ids_with_extensions(ham):
    rewrite(ham / "HAM10000_metadata.csv", "ISIC_0000003", "ISIC_0000003.jpg")
    assert ids(load_isic_release(ham))[2] == "0000003"


def test_rows_of_unequal_length(ham):
    rewrite(ham / "HAM10000_metadata.csv", "male,scalp\nHAM_2", "male,scalp,a,b\nHAM_2")
    with pytest.raises(
        ValueError, match=r"metadata.csv' cannot be read: .*Expected 7 fields.*Repair"
    ):
        load_isic_release(ham)


def test_table_without_rows(ham):
    write(ham, "HAM10000_metadata.csv", METADATA_HAM)
    with pytest.raises(
        ValueError, match=r"metadata.csv' has no rows\. Expected one for each image"
    ):
        load_isic_release(ham)


def test_other_encoding(ham):
    path = ham / "HAM10000_metadata.csv"
    path.write_bytes(path.read_bytes().replace(b"scalp", b"sc\xe4lp"))
    with pytest.raises(
        ValueError, match=r"metadata.csv' cannot be read: .*Expected a table in UTF-8"
    ):
        load_isic_release(ham)
    path.write_bytes(METADATA_HAM.encode("utf-16"))
    with pytest.raises(
        ValueError, match=r"metadata.csv' cannot be read: .*Expected a table in UTF-8"
    ):
        load_isic_release(ham)


@pytest.mark.usefixtures("quietly")
def test_tables_of_something_else_are_ignored(ham):
    write(ham, "hmnist_28_28_L.csv", "pixel0000,pixel0001,label,label", "1,2,3,3")
    write(ham, "notes.csv", "größe,id", encoding="latin-1")
    write(ham, "empty.csv")
    touch(ham, "nothing.csv", "weights.h5", "other.npz")
    assert len(load_isic_release(ham).data) == 4


# Which release


def test_two_releases_in_one_folder(ham):
    write(
        ham, "b/ISIC2018_Task3_Training_GroundTruth.csv", LABELS_2018, "ISIC_0000001,0,0,0,0,1,0,0"
    )
    message = (
        r"2 releases \(2018: 'b.ISIC2018_Task3_Training_GroundTruth.csv'; HAM10000:"
        r" 'HAM10000_metadata.csv'\).*Pass release='2018' or another"
    )
    with pytest.raises(ValueError, match=message):
        load_isic_release(ham)
    assert load_isic_release(ham, "HAM10000").release == "HAM10000"
    with pytest.warns(UserWarning, match="3 of 4 image files have no row"):
        assert load_isic_release(ham, "2018").release == "2018"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("name", ["2019", "isic 2019", "ISIC_2019", "ISIC2019", "isic-2019"])
def test_spellings_of_a_release(isic2019, name):
    assert load_isic_release(isic2019, name).release == "2019"


def test_release_that_is_not_there(ham):
    with pytest.raises(ValueError, match=r"release is '2019', but .* \['HAM10000'\].*'image, MEL"):
        load_isic_release(ham, "2019")
    for name in ("2016", "DermaMNIST"):
        with pytest.raises(ValueError, match=f"release is '{name}', but"):
            load_isic_release(ham, name)
    with pytest.raises(ValueError, match=r"release is 'PH2'. Expected 'auto' or one of"):
        load_isic_release(ham, "PH2")


def test_no_table(tmp_path):
    touch(tmp_path, "ISIC_0000001.jpg")
    with pytest.raises(
        ValueError, match=r"no table of a known release.*1 image\(s\).*load_image_folder"
    ):
        load_isic_release(tmp_path)
    write(tmp_path, "labels.csv", "name,label")
    with pytest.raises(ValueError, match=r"1 table\(s\), such as 'labels.csv' with 'name, label'"):
        load_isic_release(tmp_path)


def test_invalid_parameters(ham, isic2019, tmp_path):
    with pytest.raises(FileNotFoundError, match="The folder 'nowhere' does not exist"):
        load_isic_release("nowhere")
    with pytest.raises(ValueError, match="'split' parameter"):
        load_isic_release(ham, split=1)


def test_split_where_there_is_none(ham):
    with pytest.raises(ValueError, match=r"split is 'test', but the release .* has no splits"):
        load_isic_release(ham, split="test")


def test_misspelled_split(isic2019):
    with pytest.raises(ValueError, match=r"split is 'trian'.*Did you mean 'train'\?"):
        load_isic_release(isic2019, split="trian")


def test_indeterminate_lesions(tmp_path):
    """By what the archive says, and by the diagnosis."""
    write(
        tmp_path,
        "metadata.csv",
        "isic_id,copyright_license,diagnosis_1,diagnosis_3,lesion_id",
        "ISIC_0000001,CC-0,Indeterminate,Solar or actinic keratosis,IL_1",
        "ISIC_0000002,CC-0,Indeterminate,Something new,IL_2",
        "ISIC_0000003,CC-0,Benign,Nevus,IL_3",
    )
    touch(tmp_path, *(f"ISIC_000000{n}.jpg" for n in (1, 2, 3)))
    with pytest.warns(UserWarning, match="2 images with labels that have no counterpart"):
        dataset = load_isic_release(tmp_path, label="benign_malignant")
    assert dataset.left_out == {"unmapped": 2}
    assert set(dataset.label_account["reason"]) == {"", "indeterminate", "unknown name"}
    for rule in ("benign", "malignant"):
        dataset = load_isic_release(tmp_path, label="benign_malignant", indeterminate=rule)
        assert dataset.target.tolist() == [rule, rule, "benign"]


def test_account_of_labels(ham):
    account = load_isic_release(ham).label_account
    assert dict(zip(account["label"], account["n_rows"], strict=True)) == {
        AKIEC: 1,
        "benign keratosis": 2,
        "nevus": 1,
    }


def test_images_of_one_type(ham):
    dataset = load_isic_release(ham, image_type="dermoscopic")
    assert dataset.frame["image_type"].tolist() == ["dermoscopic"] * 4
    with pytest.raises(ValueError, match=r"image_type is 'clinical', but .* 'dermoscopic'"):
        load_isic_release(ham, image_type="clinical")


# With the rest of the library


def test_classes_agree_with_those_of_a_folder(tmp_path, ham):
    folder = load_image_folder(write_lesion_folder(tmp_path / "drawn", 60, random_state=0))
    assert {"nevus", "melanoma"} <= set(folder.target_names)
    with (
        pytest.warns(UserWarning, match="counterpart"),
        pytest.warns(UserWarning, match="not named by an ISIC id"),
    ):
        dataset = load_isic_release(ham, label="9-class")
    assert set(dataset.target_names) <= set(folder.target_names)


# On real data


@pytest.fixture
def data():
    if "SKIN_LESION_DATA" not in os.environ:
        pytest.skip("SKIN_LESION_DATA names no folder with real images")
    return Path(os.environ["SKIN_LESION_DATA"])


@pytest.mark.usefixtures("quietly")
def test_real_ham10000(data):
    dataset = load_isic_release(data / "ham10000")
    assert dataset.data.shape == (10015, 1)
    assert len(set(dataset.groups)) == 7470
    counts = dict(zip(*np.unique(dataset.target, return_counts=True), strict=True))
    assert counts == {
        AKIEC: 327,
        "basal cell carcinoma": 514,
        "benign keratosis": 1099,
        "dermatofibroma": 115,
        "melanoma": 1113,
        "nevus": 6705,
        "vascular lesion": 142,
    }
    assert dataset.left_out == {}
    assert dataset.frame["sex"].isna().sum() == 57
    assert dataset.frame["age"].isna().sum() == 57


def test_real_2019_table(data, tmp_path):
    table = tmp_path / "ISIC_2019_Training_Metadata.csv"
    table.write_bytes((data / "metadata" / table.name).read_bytes())
    touch(tmp_path, "ISIC_0000000.jpg", "ISIC_0073254.jpg", "ISIC_0024329.jpg")
    with pytest.warns(UserWarning, match="25328 of 25331 images of the tables have no file"):
        dataset = load_isic_release(tmp_path)
    assert len(dataset.target_names) == 8
    assert dataset.target.tolist() == ["nevus", "squamous cell carcinoma", "benign keratosis"]
    assert dataset.frame["source"].tolist()[1:] == ["HAM10000", "BCN20000"]


def test_real_2020_table(data, tmp_path):
    table = tmp_path / "ISIC_2020_Training_GroundTruth.csv"
    table.write_bytes((data / "metadata" / table.name).read_bytes())
    touch(tmp_path, "ISIC_2637011.jpg", "ISIC_0149568.jpg")
    with pytest.warns(UserWarning, match="33124 of 33126 images of the tables have no file"):
        dataset = load_isic_release(tmp_path)
    assert dataset.target.tolist() == ["benign", "malignant"]
    assert dataset.groups[0] == "IP_7279968"


def test_in_situ_carcinomas_of_ham10000_are_two_classes_in_2019(data):
    """The count that map_labels gives as the reason why "akiec" has no counterpart there."""
    ham = pd.read_csv(data / "ham10000" / "HAM10000_metadata.csv", index_col="image_id")
    later = pd.read_csv(data / "metadata" / "ISIC_2019_Training_Metadata.csv", index_col="image")
    akiec = later.loc[ham.index[ham["dx"] == "akiec"]]
    assert akiec[["AK", "SCC"]].sum().tolist() == [130, 197]
    assert len(akiec) == 327
