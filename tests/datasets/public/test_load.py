"""One test for each set, on a tree after its documentation, and what all have in common."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skin_lesion import (
    ImageLoader,
    aggregate_by_group,
    load_image_folder,
    load_image_table,
    load_isic_release,
    load_public_dataset,
    write_lesion_folder,
)
from skin_lesion.datasets._public.recognise import list_names
from skin_lesion.datasets._public.sets import SETS

AKIEC = "actinic keratosis or intraepithelial carcinoma"
MILK10K = ["AKIEC", "BCC", "BEN_OTH", "BKL", "DF", "INF", "MAL_OTH", "MEL", "NV", "SCCKA", "VASC"]
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def quietly():
    """Any warning that no test asks for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


class Tree:
    """A folder of tables and of empty files in place of images: none may be opened."""

    def __init__(self, root):
        self.root = root

    def write(self, name, *lines, encoding="utf-8"):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding=encoding)

    def touch(self, *names):
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).touch()

    def load(self, *args, **parameters):
        return load_public_dataset(self.root, *args, **parameters)

    def relative(self, dataset):
        return [Path(path).relative_to(self.root).as_posix() for path in dataset.data[:, 0]]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def check_form(dataset):
    """All sets have what load_isic_release returns."""
    n = len(dataset.target)
    assert dataset.data.shape == (n, 1)
    assert dataset.data.dtype.kind == dataset.target.dtype.kind == dataset.groups.dtype.kind == "U"
    assert len(dataset.groups) == len(dataset.frame) == n
    assert set(dataset.target) <= set(dataset.target_names)
    columns = {"path", "target", "diagnosis", "age", "sex", "site", "image_type", "source"}
    assert columns <= set(dataset.frame)
    assert dataset.frame["path"].tolist() == dataset.data[:, 0].tolist()
    assert dataset.label_account["n_rows"].sum() == n + dataset.left_out.get("unmapped", 0)
    assert dataset.DESCR.startswith(f"{dataset.release}: {n} images of")


# One test for each set


@pytest.fixture
def milk10k(tree):
    one_hot = {
        name: ",".join("1.0" if name == column else "0.0" for column in MILK10K) for name in MILK10K
    }
    tree.write(
        "MILK10k_Training_GroundTruth.csv",
        f"lesion_id,{','.join(MILK10K)}",
        f"IL_0000652,{one_hot['BCC']}",
        f"IL_0003176,{one_hot['AKIEC']}",
        f"IL_0004688,{one_hot['INF']}",
    )
    tree.write(
        "MILK10k_Training_Metadata.csv",
        "lesion_id,image_type,isic_id,attribution,copyright_license,image_manipulation,age_approx,"
        "sex,skin_tone_class,site,MONET_hair",
        "IL_0000652,clinical: close-up,ISIC_4671410,MILK study team,CC-BY-NC,altered,75,male,3,"
        "head_neck_face,0.1",
        "IL_0000652,dermoscopic,ISIC_8149219,MILK study team,CC-BY-NC,altered,75,male,3,"
        "head_neck_face,0.2",
        "IL_0003176,clinical: close-up,ISIC_0530569,MILK study team,CC-BY-NC,altered,,female,2,"
        "trunk,0.3",
        "IL_0003176,dermoscopic,ISIC_1152268,MILK study team,CC-BY-NC,altered,,female,2,trunk,0.4",
        "IL_0004688,clinical: close-up,ISIC_1000001,MILK study team,CC-BY-NC,altered,50,,2,,0.3",
        "IL_0004688,dermoscopic,ISIC_1000002,MILK study team,CC-BY-NC,altered,50,,2,,0.4",
    )
    tree.touch(
        *(
            f"MILK10k_Training_Input/{path}.jpg"
            for path in (
                "IL_0000652/ISIC_4671410",
                "IL_0000652/ISIC_8149219",
                "IL_0003176/ISIC_0530569",
                "IL_0003176/ISIC_1152268",
                "IL_0004688/ISIC_1000001",
                "IL_0004688/ISIC_1000002",
            )
        )
    )
    return tree


def add_supplement(tree):
    tree.write(
        "MILK10k_Training_Supplement.csv",
        "isic_id,diagnosis_full,diagnosis_confirm_type,invasion_thickness_interval",
        "ISIC_4671410,Basal cell carcinoma,histopathology,",
        "ISIC_8149219,Basal cell carcinoma,histopathology,",
        'ISIC_0530569,"Squamous cell carcinoma in situ, Bowens disease",histopathology,',
        'ISIC_1152268,"Squamous cell carcinoma in situ, Bowens disease",histopathology,',
        "ISIC_1000001,Inflammatory or infectious diseases,histopathology,",
        "ISIC_1000002,Inflammatory or infectious diseases,histopathology,",
    )


def test_milk10k(milk10k):
    dataset = milk10k.load()
    check_form(dataset)
    assert dataset.release == "MILK10k"
    classes = ["basal cell carcinoma", AKIEC, "inflammatory or infectious disease"]
    assert dataset.target.tolist() == [name for name in classes for _ in range(2)]
    assert milk10k.relative(dataset)[0] == "MILK10k_Training_Input/IL_0000652/ISIC_4671410.jpg"
    assert dataset.groups.tolist() == ["IL_0000652"] * 2 + ["IL_0003176"] * 2 + ["IL_0004688"] * 2
    assert dataset.split.tolist() == ["train"] * 6
    assert dataset.frame["site"].tolist()[::2][:2] == ["head/neck", "torso"]
    assert not {"BCC", "isic_id"} & set(dataset.frame)
    assert dataset.left_out == {}


def test_milk10k_by_its_supplement(milk10k):
    """It tells intraepithelial carcinoma from actinic keratosis, which the class does not."""
    with pytest.warns(UserWarning, match="counterpart in the 8-class"):
        dataset = milk10k.load(label="8-class")
    assert set(dataset.target) == {"basal cell carcinoma"}
    assert dataset.left_out == {"unmapped": 4}
    add_supplement(milk10k)
    with pytest.warns(UserWarning, match=r"counterpart in the 8-class .*'Inflammatory"):
        dataset = milk10k.load(label="8-class")
    assert set(dataset.target) == {"basal cell carcinoma", "squamous cell carcinoma"}
    assert not {"diagnosis_full", "diagnosis_confirm_type"} & set(dataset.frame)
    assert set(milk10k.load(label="benign_malignant").target) == {"benign", "malignant"}


def test_images_of_one_type(milk10k):
    dataset = milk10k.load(image_type="dermoscopic")
    assert set(dataset.frame["image_type"]) == {"dermoscopic"}
    assert len(dataset.target) == 3
    assert dataset.left_out == {}


def test_predictions_of_both_images_of_a_lesion_are_joined(milk10k):
    """Of one model on all images, or of one for each image type."""
    both = milk10k.load()
    of_types = [milk10k.load(image_type=kind) for kind in ("dermoscopic", "clinical")]
    assert [len(one.target) for one in of_types] == [3, 3]
    p = pd.Series([0.2, 0.6, 0.5, 0.9, 0.4, 0.4], index=both.frame["path"])
    joined = aggregate_by_group(p.to_numpy(), both.groups)
    assert joined.index.tolist() == ["IL_0000652", "IL_0003176", "IL_0004688"]
    np.testing.assert_allclose(joined, [0.3798, 0.75, 0.4], atol=1e-4)
    groups = np.concatenate([one.groups for one in of_types])
    p_of_types = np.concatenate([p[one.data[:, 0]] for one in of_types])
    pd.testing.assert_series_equal(aggregate_by_group(p_of_types, groups), joined)


def test_milk10k_is_no_download_of_the_isic_cli(milk10k):
    with pytest.raises(ValueError, match=r"MILK10k \(ISIC 2025\).* load_public_dataset"):
        load_isic_release(milk10k.root)
    milk10k.write(
        "metadata.csv", "isic_id,copyright_license,diagnosis_1", "ISIC_4671410,CC-BY,Benign"
    )
    assert milk10k.load().release == "MILK10k"


def test_milk10k_without_ground_truth(milk10k):
    (milk10k.root / "MILK10k_Training_GroundTruth.csv").unlink()
    with pytest.raises(ValueError, match=r"MILK10k .* have no labels: .*'AKIEC'.* ground truth"):
        milk10k.load()


def test_a_submission_is_no_ground_truth(milk10k):
    truth = milk10k.root / "MILK10k_Training_GroundTruth.csv"
    (milk10k.root / "answers.csv").write_bytes(truth.read_bytes())
    with pytest.warns(UserWarning, match=r"may be predictions.* 'answers.csv'"):
        assert milk10k.load().left_out == {}
    truth.unlink()
    with pytest.raises(ValueError, match=r"have no labels.* 'answers.csv'"):
        milk10k.load()


def test_two_labels_of_one_lesion(milk10k):
    with open(milk10k.root / "MILK10k_Training_GroundTruth.csv", "a") as file:
        file.write("IL_0000652,1,0,0,0,0,0,0,0,0,0,0\n")
    with pytest.raises(ValueError, match=r"contradictory rows for 1 id\(s\), such as 'IL_0000652'"):
        milk10k.load()


def test_bcn20000(tree):
    header = (
        "bcn_filename,age_approx,anatom_site_general,diagnosis,lesion_id,capture_date,sex,split"
    )
    tree.write(
        "bcn_20k_train.csv",
        header,
        "BCN_0000000001.jpg,55.0,anterior torso,MEL,BCN_0003884,2012-05-16,male,train",
        "BCN_0000000003.jpg,55.0,anterior torso,MEL,BCN_0003884,2012-05-16,male,train",
        "BCN_0000000004.jpg,,,SCC,BCN_0000019,2015-01-01,,train",
    )
    tree.write(
        "bcn_20k_test.csv", header, "BCN_0000000002.jpg,85.0,,,BCN_0000777,2014-01-01,female,test"
    )
    tree.touch(*(f"BCN_20k_train/bcn_20k_train/BCN_000000000{n}.jpg" for n in (1, 3, 4)))
    tree.touch("bcn_20k_test/BCN_0000000002.jpg")
    with pytest.warns(UserWarning, match="1 rows without a label"):
        dataset = tree.load()
    check_form(dataset)
    assert dataset.release == "BCN20000"
    assert dataset.target.tolist() == ["melanoma", "melanoma", "squamous cell carcinoma"]
    assert dataset.groups.tolist() == ["BCN_0003884", "BCN_0003884", "BCN_0000019"]
    assert dataset.left_out == {"without_label": 1}
    assert dataset.frame["age"].tolist()[:2] == [55, 55]
    assert len(tree.load(split="train").target) == 3


PAD = (
    "patient_id,lesion_id,smoke,drink,background_father,background_mother,age,pesticide,gender,"
    "skin_cancer_history,cancer_history,has_piped_water,has_sewage_system,fitspatrick,region,"
    "diameter_1,diameter_2,diagnostic,itch,grew,hurt,changed,bleed,elevation,img_id,biopsed"
)
PAD_ROW = (
    "{patient},{lesion},False,False,POMERANIA,POMERANIA,55,False,FEMALE,True,True,True,True,3.0,"
    "NECK,6.0,5.0,{diagnosis},True,True,False,True,True,True,{patient}_{lesion}_{n}.png,True"
)


@pytest.fixture
def pad(tree):
    rows = [("PAT_46", 881, "BCC", 14), ("PAT_46", 882, "ACK", 15), ("PAT_1516", 1765, "NEV", 530)]
    tree.write(
        "metadata.csv",
        PAD,
        *(PAD_ROW.format(patient=p, lesion=x, diagnosis=d, n=n) for p, x, d, n in rows),
    )
    tree.touch("images/imgs_part_1/imgs_part_1/PAT_46_881_14.png")
    tree.touch("images/imgs_part_2/imgs_part_2/PAT_46_882_15.png")
    tree.touch("images/imgs_part_3/imgs_part_3/PAT_1516_1765_530.png")
    return tree


def test_pad_ufes_20(pad):
    dataset = pad.load()
    check_form(dataset)
    assert dataset.release == "PAD-UFES-20"
    assert dataset.target.tolist() == ["basal cell carcinoma", "actinic keratosis", "nevus"]
    assert dataset.groups.tolist() == ["PAT_46", "PAT_46", "PAT_1516"]
    assert pad.load(group_by="lesion_id").groups.tolist() == ["881", "882", "1765"]
    assert pad.relative(dataset)[2] == "images/imgs_part_3/imgs_part_3/PAT_1516_1765_530.png"
    frame = dataset.frame
    assert frame.loc[0, ["age", "sex", "site"]].tolist() == [55, "female", "head/neck"]
    assert set(frame["image_type"]) == {"clinical"}
    assert not {"biopsed", "diagnostic", "gender", "img_id"} & set(frame)
    with pytest.raises(ValueError, match=r"image_type is 'dermoscopic', but .* 'clinical'"):
        pad.load(image_type="dermoscopic")


def test_pad_ufes_20_whose_patients_did_not_know(pad):
    path = pad.root / "metadata.csv"
    header, first, second, third = path.read_text().splitlines()
    # "UNK" are answers about the lesion. Patients without biopsy were not asked the others.
    second = second.replace(",ACK,True,True,False,True,", ",ACK,True,UNK,False,UNK,")
    second = second.replace("PAT_46,882,", "PAT_46,UNK,")
    third = third.replace(",False,False,POMERANIA,POMERANIA,", ",,,,,").replace(",3.0,", ",,")
    path.write_text("\n".join([header, first, second, third]) + "\n")
    frame = pad.load().frame
    assert frame[["grew", "changed"]].isna().sum().tolist() == [1, 1]
    assert "UNK" not in frame.to_numpy()
    assert frame["lesion_id"].isna().tolist() == [False, True, False]
    assert frame["fitspatrick"].tolist()[:2] == [3, 3]
    assert frame["smoke"].tolist()[:2] == [False, False]
    assert frame[["smoke", "background_father", "fitspatrick"]].loc[2].isna().all()


@pytest.fixture
def ph2(tree):
    tree.write(
        "PH2Dataset/PH2_dataset.txt",
        "||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry | Pigment Network |"
        " Dots/Globules | Streaks | Regression Areas | Blue-Whitish Veil ||           Colors ||",
        "|| IMD003 ||                        ||                  0 ||         0 |               T |"
        "             A |       A |                A |                 A ||                4 ||",
        "|| IMD009 ||                        ||                  1 ||         0 |               T |"
        "             A |       A |                A |                 A ||             3  4 ||",
        "|| IMD058 ||              Melanoma  ||                  2 ||         2 |              AT |"
        "             P |       P |                P |                 P ||       3  4  5 6 ||",
        "",
        "Legends:",
        "Clinical Diagnosis: 0 - Common Nevus; 1 - Atypical Nevus; 2 - Melanoma.",
    )
    for name in ("IMD003", "IMD009", "IMD058"):
        folder = f"PH2Dataset/PH2 Dataset images/{name}"
        tree.touch(
            f"{folder}/{name}_Dermoscopic_Image/{name}.bmp",
            f"{folder}/{name}_lesion/{name}_lesion.bmp",
            f"{folder}/{name}_roi/{name}_R1_Label3.bmp",
        )
    return tree


@pytest.mark.parametrize("above", ["PH2", "skin_lesion"])
def test_ph2(ph2, above):
    """The masks are told by their folders, but the name of a folder above does not count."""
    ph2.root.joinpath("PH2Dataset").rename(ph2.root / above)
    dataset = load_public_dataset(ph2.root / above)
    check_form(dataset)
    assert dataset.release == "PH2"
    assert dataset.target.tolist() == ["nevus", "nevus", "melanoma"]
    assert ph2.relative(dataset)[0].endswith("IMD003/IMD003_Dermoscopic_Image/IMD003.bmp")
    assert dataset.label_account["label"].tolist() == ["melanoma", "atypical nevus", "common nevus"]
    assert dataset.groups.tolist() == ["IMD003", "IMD009", "IMD058"]
    assert dataset.frame["colors"].tolist() == ["4", "3  4", "3  4  5 6"]
    assert dataset.left_out == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "IMD003,0", r"has the columns \[\]. Expected .*'Histological Diagnosis'"),
        (lambda text: text.replace("IMD009", "IMG009"), r"the row \['IMG009'.*such as 'IMD003'"),
        (lambda text: text.replace("  2 ||", "  3 ||"), r"the row \['IMD058'.*\['0', '1', '2'\]"),
        (lambda text: text.replace("  2 ||", "     "), r"the row \['IMD058'.*10 columns"),
    ],
)
def test_rows_of_ph2_that_are_cut_or_changed(ph2, change, message):
    table = ph2.root / "PH2Dataset/PH2_dataset.txt"
    ph2.write("PH2Dataset/PH2_dataset.txt", change(table.read_text(encoding="utf-8")))
    with pytest.raises(ValueError, match=message):
        ph2.load()


@pytest.fixture
def derm7pt(tree):
    tree.write(
        "release_v0/meta/meta.csv",
        "case_num,diagnosis,seven_point_score,pigment_network,streaks,pigmentation,"
        "regression_structures,dots_and_globules,blue_whitish_veil,vascular_structures,"
        "level_of_diagnostic_difficulty,elevation,location,sex,management,clinic,derm,case_id,notes",
        "1,basal cell carcinoma,0,absent,absent,absent,absent,absent,absent,arborizing,medium,"
        "nodular,abdomen,female,excision,NEL/NEL025.JPG,NEL/Nel026.jpg,,",
        "2,clark nevus,1,typical,absent,absent,absent,irregular,absent,absent,low,flat,back,male,"
        "clinical follow up,NEL/NEL027.JPG,NEL/Nel028.jpg,,",
        "3,melanoma (less than 0.76 mm),5,atypical,absent,absent,absent,irregular,absent,absent,"
        "low,flat,lower limbs,male,excision,FAL/FAL001.JPG,FAL/Fal002.jpg,,",
        "4,miscellaneous,0,absent,absent,absent,absent,absent,absent,absent,low,flat,acral,male,"
        "excision,FAL/FAL003.JPG,FAL/Fal004.jpg,,",
    )
    for name, index in (("train", "0"), ("valid", "1"), ("test", "2\n3")):
        tree.write(f"release_v0/meta/{name}_indexes.csv", "indexes", index)
    for name in ("NEL025", "Nel026", "NEL027", "Nel028"):
        tree.touch(f"release_v0/images/NEL/{name}.jpg")
    for name in ("FAL001", "Fal002", "FAL003", "Fal004"):
        tree.touch(f"release_v0/images/FAL/{name}.jpg")
    return tree


def test_derm7pt(derm7pt):
    dataset = derm7pt.load(image_type="dermoscopic")
    check_form(dataset)
    assert dataset.release == "Derm7pt"
    assert dataset.target.tolist() == [
        "basal cell carcinoma",
        "nevus",
        "melanoma",
        "miscellaneous",
    ]
    assert derm7pt.relative(dataset)[0] == "release_v0/images/NEL/Nel026.jpg"
    assert dataset.split.tolist() == ["train", "val", "test", "test"]
    assert dataset.frame["site"].tolist() == [
        "anterior torso",
        "posterior torso",
        "lower extremity",
        "palms/soles",
    ]
    assert not {"management", "seven_point_score", "notes"} & set(dataset.frame)
    both = derm7pt.load(split="test")
    check_form(both)
    assert both.groups.tolist() == ["3", "4", "3", "4"]
    assert set(both.frame["image_type"]) == {"dermoscopic", "clinical: close-up"}
    assert derm7pt.load(label="elevation").target.tolist()[:3] == ["nodular", "flat", "flat"]


def test_derm7pt_in_a_label_set(derm7pt):
    with pytest.warns(UserWarning, match=r"'miscellaneous' \(2\). They are left out"):
        dataset = derm7pt.load(label="benign_malignant")
    assert dataset.target.tolist() == ["malignant", "benign", "malignant"] * 2
    account = dataset.label_account
    assert account["reason"].tolist() == ["", "", "", "unknown name"]


def test_two_tables_of_cases(derm7pt):
    table = derm7pt.root / "release_v0/meta/meta.csv"
    (derm7pt.root / "copy.csv").write_bytes(table.read_bytes())
    with pytest.raises(ValueError, match=r"2 tables of Derm7pt: .*copy.csv.* Expected one"):
        derm7pt.load()


def test_lists_of_other_cases(derm7pt):
    derm7pt.write("release_v0/meta/test_indexes.csv", "indexes", "7")
    with pytest.raises(ValueError, match=r"test_indexes.csv' is not a list of cases .* has 4"):
        derm7pt.load()


def test_a_case_in_two_lists_of_splits_or_in_none(derm7pt):
    derm7pt.write("release_v0/meta/valid_indexes.csv", "indexes", "0\n1")
    with pytest.raises(ValueError, match=r"valid_indexes.csv' lists 1 .* list of 'train'"):
        derm7pt.load()
    (derm7pt.root / "release_v0/meta/valid_indexes.csv").unlink()
    with pytest.raises(ValueError, match=r"1 of 4 cases .* none of the 2 list\(s\) .* number 1"):
        derm7pt.load()


@pytest.fixture
def ddi(tree):
    tree.write(
        "ddi_metadata.csv",
        ",DDI_ID,DDI_file,skin_tone,malignant,disease",
        "0,1,000001.png,56,True,melanoma-in-situ",
        "1,2,000002.png,12,True,nodular-melanoma-(nm)",
        "2,3,000003.png,34,False,actinic-keratosis",
        "3,4,000004.png,34,False,graft-vs-host-disease",
    )
    tree.touch(*(f"00000{n}.png" for n in range(1, 5)))
    return tree


def test_ddi(ddi):
    dataset = ddi.load()
    check_form(dataset)
    assert dataset.release == "DDI"
    assert dataset.target.tolist() == [
        "melanoma",
        "melanoma",
        "actinic keratosis",
        "graft-vs-host-disease",
    ]
    assert dataset.groups.tolist() == [f"00000{n}.png" for n in range(1, 5)]
    assert dataset.frame["skin_tone"].tolist() == [56, 12, 34, 34]
    assert "malignant" not in dataset.frame
    path = ddi.root / "ddi_metadata.csv"  # the same with a column of another table
    rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{rows[0]},Lesion_ID", *(f"{row},7" for row in rows[1:])]) + "\n")
    assert ddi.load().frame["lesion_id"].tolist() == ["7"] * 4
    assert ddi.load(label="malignant").target.tolist() == ["True", "True", "False", "False"]


def test_what_a_set_says_is_malignant(ddi):
    """For diseases without a counterpart; what is indeterminate follows the rule in all sets."""
    with pytest.warns(UserWarning, match=r"'actinic-keratosis' \(1\)"):
        dataset = ddi.load(label="benign_malignant")
    assert dataset.target.tolist() == ["malignant", "malignant", "benign"]
    dataset = ddi.load(label="benign_malignant", indeterminate="malignant")
    assert dataset.target.tolist() == ["malignant", "malignant", "malignant", "benign"]


def test_fitzpatrick17k_whose_images_are_gone(tree):
    header = (
        "md5hash,fitzpatrick_scale,fitzpatrick_centaur,label,nine_partition_label,"
        "three_partition_label,qc,url,url_alphanum"
    )
    tree.write(
        "fitzpatrick17k.csv",
        header,
        "5e82a45bc5d78bd24ae9202d194423f8,3,3,drug induced pigmentary changes,inflammatory,"
        "non-neoplastic,,https://a/minocycline1.jpg,a.jpg",
        "b87804452f60aa162a6d29c0f66a2466,-1,6,superficial spreading melanoma ssm,malignant"
        " melanoma,malignant,,https://a/lmm6.jpg,b.jpg",
        "6d2fb27bbaf2691ea85fa2ad7f334060,2,1,basal cell carcinoma morpheiform,malignant epidermal,"
        "malignant,1 Diagnostic,https://a/bcc6.jpg,c.jpg",
    )
    tree.touch("data/finalfitz17k/5e82a45bc5d78bd24ae9202d194423f8.jpg")
    tree.touch("data/finalfitz17k/b87804452f60aa162a6d29c0f66a2466.jpg")
    with pytest.warns(UserWarning, match=r"1 of 3 images of Fitzpatrick17k .* They are left out"):
        dataset = tree.load(label="benign_malignant")
    check_form(dataset)
    assert dataset.release == "Fitzpatrick17k"
    assert dataset.target.tolist() == ["benign", "malignant"]
    assert dataset.left_out == {"missing": 1}
    assert dataset.missing.tolist() == ["6d2fb27bbaf2691ea85fa2ad7f334060"]
    assert not {"url", "url_alphanum", "nine_partition_label"} & set(dataset.frame)
    assert "three_partition_label" not in dataset.frame
    # -1 means unknown.
    np.testing.assert_array_equal(dataset.frame["fitzpatrick_scale"], [3, np.nan])
    assert dataset.frame["fitzpatrick_centaur"].tolist() == [3, 6]


# Releases of ISIC, pixels and class folders


def test_collection_of_the_isic_cli(tree):
    """HIBA, as isic-cli writes it today."""
    tree.write(
        "metadata.csv",
        "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,"
        "diagnosis_2,diagnosis_3,diagnosis_confirm_type,image_type,lesion_id,patient_id,sex",
        "ISIC_0178300,Hospital Italiano de Buenos Aires,CC-BY,55,head/neck,Malignant,Malignant"
        " melanocytic proliferations (Melanoma),Melanoma Invasive,histopathology,dermoscopic,IL_1,"
        "IP_1,male",
        "ISIC_0178301,Hospital Italiano de Buenos Aires,CC-BY,55,head/neck,Indeterminate,"
        "Indeterminate epidermal proliferations,Solar or actinic keratosis,histopathology,"
        "clinical: close-up,IL_2,IP_1,male",
    )
    tree.write("attribution.txt", "Hospital Italiano de Buenos Aires")
    tree.touch("ISIC_0178300.jpg", "ISIC_0178301.jpg")
    dataset = tree.load()
    assert dataset.release == "isic-cli"
    assert dataset.target.tolist() == ["melanoma", "actinic keratosis"]
    assert dataset.groups.tolist() == ["IP_1", "IP_1"]
    named = tree.load("hiba")
    assert named.release == "HIBA"
    assert named.DESCR.startswith("HIBA: 2 images of 2 classes")
    assert len(tree.load(image_type="dermoscopic").target) == 1
    with pytest.warns(UserWarning, match="counterpart"):
        dataset = tree.load(label="benign_malignant")
    assert dataset.left_out == {"unmapped": 1}
    assert dataset.label_account["reason"].tolist() == ["", "indeterminate"]
    dataset = tree.load(label="benign_malignant", indeterminate="malignant")
    assert dataset.target.tolist() == ["malignant", "malignant"]


def test_a_collection_of_another_name(tree):
    header = "isic_id,attribution,copyright_license,diagnosis_3,lesion_id"
    tree.write("metadata.csv", header, "ISIC_0178300,MSK,CC-0,Nevus,IL_1")
    tree.touch("ISIC_0178300.jpg")
    with pytest.raises(ValueError, match=r"name is 'HIBA', but .* attributed to 'MSK'. Expected"):
        tree.load("HIBA")
    (tree.root / "metadata.csv").unlink()
    with pytest.raises(ValueError, match=r"^name is 'HIBA', but .* holds no known table"):
        tree.load("HIBA")


def write_ham(tree):
    tree.write(
        "HAM10000_metadata.csv",
        "lesion_id,image_id,dx,dx_type,age,sex,localization",
        "HAM_1,ISIC_0000001,bkl,histo,80.0,male,scalp",
        "HAM_1,ISIC_0000002,bkl,histo,80.0,male,scalp",
        "HAM_2,ISIC_0000003,nv,follow_up,,unknown,unknown",
        "HAM_3,ISIC_0000004,nv,histo,55.0,female,trunk",
        "HAM_4,ISIC_0000005,nv,histo,55.0,female,trunk",
        "HAM_5,ISIC_0000006,mel,histo,55.0,female,trunk",
        "HAM_6,ISIC_0000007,vasc,histo,55.0,female,trunk",
    )


def write_pixels(tree, labels, side=28, channels=3):
    n = len(labels)
    pixels = np.arange(n * side * side * channels).reshape(n, -1) % 256
    table = pd.DataFrame(pixels, columns=[f"pixel{k:04}" for k in range(pixels.shape[1])])
    kind = {1: "L", 3: "RGB"}[channels]
    table.assign(label=labels).to_csv(tree.root / f"hmnist_{side}_{side}_{kind}.csv", index=False)
    return pixels.reshape(n, side, side, channels).astype(np.uint8)


def test_a_release_is_as_load_isic_release_loads_it(tree):
    write_ham(tree)
    tree.touch(*(f"HAM10000_images_part_1/ISIC_000000{n}.jpg" for n in range(1, 8)))
    write_pixels(tree, [2, 2, 4, 4, 4, 6, 5], side=8)
    dataset, same = tree.load(), load_isic_release(tree.root)
    assert dataset.release == "HAM10000"
    for name in ("data", "target", "groups"):
        np.testing.assert_array_equal(dataset[name], same[name])
    assert tree.load("HAM 10000").release == "HAM10000"
    assert tree.load("HAM10000 pixels").data.shape == (7, 8, 8, 3)


def test_pixels_of_ham10000(tree):
    """Melanoma is 6, not 4 as in MedMNIST; rows are those of the metadata, in their order."""
    images = write_pixels(tree, [2, 2, 4, 4, 4, 6, 5])
    dataset = tree.load()
    assert dataset.release == "HAM10000 pixels"
    np.testing.assert_array_equal(dataset.data, images)
    assert dataset.data.dtype == np.uint8
    assert dataset.target.tolist() == [
        *["benign keratosis"] * 2,
        *["nevus"] * 3,
        "melanoma",
        "vascular lesion",
    ]
    assert len(set(dataset.groups)) == 7
    assert "has no lesion ids" in dataset.DESCR
    write_ham(tree)
    dataset = load_public_dataset(tree.root / "hmnist_28_28_RGB.csv", label="benign_malignant")
    assert dataset.groups.tolist() == [
        "HAM_1",
        "HAM_1",
        "HAM_2",
        "HAM_3",
        "HAM_4",
        "HAM_5",
        "HAM_6",
    ]
    assert dataset.target.tolist() == ["benign"] * 5 + ["malignant", "benign"]
    assert dataset.frame["isic_id"][0] == "ISIC_0000001"
    assert dataset.frame[["age", "site"]].loc[0].tolist() == [80, "head/neck"]
    assert set(dataset.frame["image_type"]) == {"dermoscopic"}
    assert len(tree.load("HAM10000 pixels", image_type="dermoscopic").target) == 7
    with pytest.raises(ValueError, match=r"'clinical', but .* pixels are 'dermoscopic'"):
        tree.load("HAM10000 pixels", image_type="clinical")
    with pytest.raises(ValueError, match="split is 'test', but HAM10000 pixels have no split"):
        tree.load("HAM10000 pixels", split="test")


def test_grey_pixels_and_wrong_ones(tree):
    images = write_pixels(tree, [4, 4, 6], side=8, channels=1)
    np.testing.assert_array_equal(tree.load().data, np.repeat(images, 3, axis=3))
    write_pixels(tree, [5, 5, 4])
    with pytest.warns(UserWarning, match=r"most frequent label .* is 5. Expected 4, nevus"):
        tree.load()
    write_pixels(tree, [4, 4, 7])
    with pytest.raises(ValueError, match=r"labels from 4 to 7. Expected .* 0 to 6"):
        tree.load()


def test_class_folders(tree):
    """A tree as torchvision's ImageFolder reads it."""
    tree.touch("train/Melanoma/a.jpg", "train/Actinic keratosis/b.jpg", "test/NEV/c.jpg")
    dataset = tree.load()
    assert dataset.release == "class folders"
    assert dataset.target.tolist() == load_image_folder(tree.root).target.tolist()
    with pytest.warns(UserWarning, match=r"'Actinic keratosis' \(1\). They are left out"):
        dataset = tree.load(label="benign_malignant")
    assert dict(zip(dataset.target, dataset.split, strict=True)) == {
        "benign": "test",
        "malignant": "train",
    }
    assert dataset.left_out["unmapped"] == 1
    assert dataset.DESCR.startswith("class folders: 2 images of 2 classes")
    assert "left out, indeterminate: 'Actinic keratosis' (1)" in dataset.DESCR
    assert tree.load(label="7-class", split="test").target.tolist() == ["nevus"]
    with pytest.raises(ValueError, match="label is 'color'"):
        tree.load(label="color")


@pytest.mark.parametrize("label", [None, "7-class"])
def test_class_folders_have_diagnoses_of_common_names(tree, label):
    def read_diagnoses():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a rash is in no label set
            frame = tree.load(label=label).frame
        return dict(zip(frame["path"].str[-5:], frame["diagnosis"], strict=True))

    tree.touch("train/NV/a.jpg", "train/NV/b.jpg", "train/NV/e.jpg")
    tree.touch("test/Melanoma/c.jpg", "test/Rash/d.jpg")
    expected = {"a.jpg": "nevus", "b.jpg": "nevus", "c.jpg": "melanoma", "e.jpg": "nevus"}
    other = {} if label else {"d.jpg": "rash"}
    assert read_diagnoses() == expected | other
    # The table may name a finer diagnosis, or another.
    lines = ["a.jpg,Spitz nevus,1", "b.jpg,,2", "c.jpg,unknown,3", "d.jpg,Psoriasis,4"]
    tree.write("metadata.csv", "image,diagnosis,lesion_id", *lines, "e.jpg,Melanoma,5")
    other = {} if label else {"d.jpg": "psoriasis"}
    assert read_diagnoses() == expected | other | {"e.jpg": "melanoma"}


def test_a_diagnosis_is_mapped_where_the_name_of_the_folder_cannot_be(tree):
    tree.touch("benign/a.jpg", "benign/b.jpg", "malignant/c.jpg", "nevus/d.jpg")
    lines = ["a,nevus", "b,seborrheic keratosis", "c,melanoma", "d,melanoma"]
    tree.write(
        "metadata.csv", "image_id,diagnosis,lesion_id", *(f"{line},{line[0]}" for line in lines)
    )
    dataset = tree.load(label="7-class")
    assert dataset.target.tolist() == ["nevus", "benign keratosis", "melanoma", "nevus"]
    assert tree.load(label="benign_malignant").target.tolist() == [
        *("benign", "benign", "malignant", "benign")
    ]


def test_drawn_images_are_read_by_what_is_returned(tmp_path):
    dataset = load_public_dataset(
        write_lesion_folder(tmp_path / "drawn", 6, n_classes=2, image_size=(16, 16), random_state=0)
    )
    assert ImageLoader((16, 16)).fit_transform(dataset.data).shape == (6, 16, 16, 3)


@pytest.mark.parametrize(
    ("release", "table"), [("2019", "jpeg-isic2019-256x256"), ("2020", "jpeg-melanoma-256x256")]
)
def test_resized_copies_with_tables_of_their_own(tree, release, table):
    """As C. Deotte shares them on Kaggle: both have the columns of 2020."""
    first, names = {
        "2019": (24, ["NV", "MEL", "BCC", "SCC"]),
        "2020": (2_000_000, ["nevus", "melanoma", "unknown", "unknown"]),
    }[release]
    ids = [f"ISIC_{n:07}" for n in range(first, first + 24)]
    header = (
        "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
        "benign_malignant,target,tfrecord,width,height"
    )
    rows = []
    for n, isic_id in enumerate(ids):
        name = names[n % 4]
        malignant = int(name in ("MEL", "melanoma", "BCC", "SCC"))
        text = "malignant" if malignant else "benign"
        rows.append(f"{isic_id},{n},male,45,torso,{name},{text},{malignant},{n % 3},1024,768")
    tree.write(f"{table}/train.csv", header, *rows)
    tree.touch(*(f"{table}/train/{isic_id}.jpg" for isic_id in ids))
    dataset = tree.load()
    assert dataset.release == release
    assert len(dataset.target) == 24
    assert dataset.left_out == {}


@pytest.fixture
def data():
    if "SKIN_LESION_DATA" not in os.environ:
        pytest.skip("SKIN_LESION_DATA names no folder with real images")
    return Path(os.environ["SKIN_LESION_DATA"])


def test_real_ham10000(data):
    """As a release, and as any table."""
    rule = {"indeterminate": "benign"}
    with pytest.warns(UserWarning, match="327 images with labels"):
        dataset = load_public_dataset(data / "ham10000", label="benign_malignant", **rule)
    assert dataset.left_out == {"unmapped": 327}
    columns = {"path": "image_id", "label": "dx", "group": "lesion_id"}
    with pytest.warns(UserWarning, match="327 images with labels"):
        table = load_image_table(
            data / "ham10000" / "HAM10000_metadata.csv",
            label_set="benign_malignant",
            **columns,
            **rule,
        )
    for name in ("data", "target", "groups"):
        np.testing.assert_array_equal(table[name], dataset[name])


@pytest.mark.parametrize(
    ("release", "table", "isic_id"),
    [
        ("2019", "ISIC_2019_Training_Metadata.csv", "ISIC_0024329"),
        ("2020", "ISIC_2020_Training_GroundTruth.csv", "ISIC_0015719"),
    ],
)
def test_real_tables(data, tree, release, table, isic_id):
    tree.write(table, (data / "metadata" / table).read_text(encoding="utf-8").rstrip())
    tree.touch(f"{isic_id}.jpg")
    with pytest.warns(UserWarning, match="images of the tables have no file"):
        dataset = tree.load()
    assert dataset.release == release
    with pytest.raises(ValueError, match="holds 2 datasets: '2019', '2020'"):
        load_public_dataset(data / "metadata")


def test_copies_of_which_release_they_are_is_unclear(tree):
    """Ids of ISIC 2019 with the columns of 2020, and no diagnosis that only one of them has."""
    ids = [f"ISIC_{n:07}" for n in range(24, 48)]
    tree.write("train.csv", "image_name,target", *(f"{isic_id},0" for isic_id in ids))
    tree.touch(*(f"train/{isic_id}.jpg" for isic_id in ids))
    with pytest.raises(ValueError, match=r"has the columns of ISIC 2020, but 100% of its 24 ids"):
        tree.load()


# What all have in common


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_byte_order_marks(pad, separator, encoding):
    table = pd.read_csv(pad.root / "metadata.csv")
    table.to_csv(pad.root / "metadata.csv", sep=separator, encoding=encoding, index=False)
    assert len(pad.load().target) == 3


def test_columns_in_another_order_and_in_capitals(pad):
    table = pd.read_csv(pad.root / "metadata.csv")
    table = table[table.columns[::-1]].rename(columns=str.upper)
    table.to_csv(pad.root / "metadata.csv", index=False)
    dataset = pad.load()
    check_form(dataset)
    assert dataset.target.tolist() == ["basal cell carcinoma", "actinic keratosis", "nevus"]


@pytest.mark.parametrize("change", [lambda name: f"{name}.png", lambda name: name.split(".")[0]])
def test_ids_with_and_without_extension(ddi, change):
    table = pd.read_csv(ddi.root / "ddi_metadata.csv", dtype=str)
    table["DDI_file"] = table["DDI_file"].str.removesuffix(".png").map(change)
    table.to_csv(ddi.root / "ddi_metadata.csv", index=False)
    assert len(ddi.load().target) == 4


def test_a_renamed_column(ddi):
    table = pd.read_csv(ddi.root / "ddi_metadata.csv")
    table.rename(columns={"disease": "diagnosis"}).to_csv(ddi.root / "ddi_metadata.csv")
    with pytest.raises(ValueError, match=r"lacks the column\(s\) \['disease'\].* of DDI"):
        ddi.load()


def test_a_renamed_column_of_a_table_of_any_name(pad):
    table = pd.read_csv(pad.root / "metadata.csv")
    table.rename(columns={"diagnostic": "diagnosis"}).to_csv(pad.root / "metadata.csv", index=False)
    message = r"metadata.csv' lacks the column\(s\) \['diagnostic'\] of PAD-UFES-20"
    for name in ("auto", "PAD-UFES-20"):
        with pytest.raises(ValueError, match=message):
            pad.load(name)


def test_two_columns_of_one_name(pad):
    lines = (pad.root / "metadata.csv").read_text(encoding="utf-8").splitlines()
    pad.write("metadata.csv", *(f"{line},{line.split(',')[0]}" for line in lines))
    with pytest.raises(ValueError, match=r"more than one column with the name.* 'patient_id'"):
        pad.load()


@pytest.mark.parametrize("fixture", ["ddi", "pad", "milk10k"])
def test_a_table_that_is_no_utf_8(request, fixture):
    tree = request.getfixturevalue(fixture)
    for path in tree.root.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    with pytest.raises(ValueError, match=r"(?i)data.csv' cannot be read: .* a table in UTF-8"):
        tree.load()


@pytest.mark.parametrize("key", ["lesion_id", "isic_id"])
def test_spaces_around_ids(milk10k, key):
    path = milk10k.root / "MILK10k_Training_Metadata.csv"
    table = pd.read_csv(path)
    table.assign(**{key: table[key] + " "}).to_csv(path, index=False)
    assert len(milk10k.load().target) == 6


def test_two_lesions_of_one_image(milk10k):
    path = milk10k.root / "MILK10k_Training_Metadata.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    milk10k.write(path.name, *lines, lines[1].replace("IL_0000652", "IL_9"))
    with pytest.raises(ValueError, match=r"lesion_id of .* is 'IL_0000652' .* 'IL_9'"):
        milk10k.load()


def test_files_without_a_row_are_counted(pad):
    pad.touch("images/imgs_part_1/other.png")
    with pytest.warns(UserWarning, match="1 image files without a row are left out"):
        assert pad.load().left_out == {"without_row": 1}


def test_images_of_another_set(pad):
    for path in pad.root.rglob("*.png"):
        path.rename(path.with_name(f"other_{path.name}"))
    with pytest.raises(FileNotFoundError, match=r"3 of 3 images of PAD-UFES-20 .*PAT_46_881_14"):
        pad.load()


def test_two_sets_in_one_folder(pad):
    pad.write("ddi_metadata.csv", "DDI_file,skin_tone,malignant,disease", "1.png,12,True,melanoma")
    with pytest.raises(ValueError, match=r"holds 2 datasets: 'PAD-UFES-20', 'DDI'.* Pass name="):
        pad.load()
    assert pad.load("pad ufes 20").release == "PAD-UFES-20"


def test_names(pad):
    with pytest.raises(ValueError, match=r"name is 'DDI', but the tables .*\['PAD-UFES-20'\]"):
        pad.load("DDI")
    with pytest.raises(ValueError, match=r"name is 'PAD-UFES'.*Did you mean 'PAD-UFES-20'\?"):
        pad.load("PAD-UFES")
    with pytest.raises(ValueError, match=r"label is 'elevatoin'.*Did you mean 'elevation'\?"):
        pad.load(label="elevatoin")
    with pytest.raises(ValueError, match=r"split is 'test', but PAD-UFES-20 .* has no splits"):
        pad.load(split="test")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_public_dataset(pad.root / "elsewhere")
    with pytest.raises(NotADirectoryError, match=r"metadata.csv' is a file"):
        load_public_dataset(pad.root / "metadata.csv")
    with pytest.raises(NotADirectoryError, match=r"is a file. Expected the folder of PAD-UFES-20"):
        load_public_dataset(pad.root / "metadata.csv", "PAD-UFES-20")


def test_no_known_set(tree):
    tree.write("my_table.csv", "file,dx", "a.jpg,NEV")
    tree.touch("photos/a.jpg")
    with pytest.raises(ValueError, match=r"no known .*my_table.csv.* load_image_table"):
        tree.load()


def test_return_X_y(pad):
    X, y = pad.load(return_X_y=True)
    np.testing.assert_array_equal(X, pad.load().data)
    np.testing.assert_array_equal(y, pad.load().target)


def test_the_page_of_the_documentation_lists_all_sets():
    page = (DOCS / "how_to" / "public_data.rst").read_text(encoding="utf-8")
    assert [name for name in list_names() if name not in page] == []
    sources = [public_set.source.removeprefix("https://doi.org/") for public_set in SETS]
    assert [source for source in sources if source not in page] == []
