"""What an audit finds in a public dataset."""

import os

import pytest

from skin_lesion import audit_dataset, load_image_folder

DATA = os.environ.get("SKIN_LESION_DATA")


@pytest.mark.slow
@pytest.mark.skipif(
    DATA is None, reason="SKIN_LESION_DATA is unset: it names a folder of real images"
)
def test_the_faults_of_the_nine_class_set():
    folder = load_image_folder(f"{DATA}/isic9")
    audit = audit_dataset(folder.data, folder.target, split=folder.split, n_jobs=2)

    assert len(audit.images) == 2359
    assert audit.images["sha256"].nunique() == 2200
    assert len(audit.label_conflicts) == 155
    assert audit.label_conflicts["labels"].value_counts().to_dict() == {
        ("melanoma", "seborrheic keratosis"): 78,
        ("actinic keratosis", "nevus"): 77,
    }
    by_content = audit.split_leaks[audit.split_leaks["kind"] == "content"]
    assert len(by_content) == 18
    assert all(
        row.label not in row.other_labels and row.other_split == "train"
        for row in by_content.itertuples()
    )
    assert len(audit.exact_duplicates) - len(audit.label_conflicts) == 4
    # Of what is then left, the seborrheic keratoses are two, and none to test on.
    left = audit.images[audit.keep("drop_conflicts")]
    left = left[left["label"] == "seborrheic keratosis"]
    assert left["split"].tolist() == ["train", "train"]
    # Classes come from other archives, whose numbers give them away.
    ids = audit.shortcuts.loc["ISIC id"]
    assert ids["low"] > 3 * ids["chance"]
