"""A published split can be checked and made again."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion import audit_dataset, make_lesion_images

pytestmark = pytest.mark.usefixtures("few_trees", "measure_once")


@pytest.fixture
def manifest(folder, tmp_path):
    folder.add_copy(0, label="vascular lesion")
    folder.add_copy(1)
    folder.add(lambda path: path.write_bytes(b""), "nevus", "lesion of an empty file", "test")
    audit = audit_dataset(folder.X, folder.y, groups=folder.groups, split=folder.split)
    return audit.to_manifest(tmp_path / "manifest.csv")


def test_a_line_for_each_row(folder, manifest):
    lines = pd.read_csv(manifest, dtype=str)
    assert list(lines) == ["id", "sha256", "label", "split", "group"]
    assert lines["label"].tolist() == folder.y
    assert lines["split"].tolist() == folder.split
    assert lines["group"].tolist() == folder.groups
    assert lines["id"].iloc[0] == "image 000.jpg"
    assert (lines["sha256"].str.len() == 64).sum() == 32
    assert lines["sha256"].iloc[0] == lines["sha256"].iloc[30]


def test_split_is_given_to_the_same_images_elsewhere(folder, manifest, tmp_path):
    elsewhere = shutil.copytree(folder.folder, tmp_path / "elsewhere")
    order = np.random.default_rng(0).permutation(len(folder.paths))
    X = [str(elsewhere / folder.paths[row].rpartition("/")[2]) for row in order]
    for options in (
        {"y": np.array(folder.y)[order], "groups": np.array(folder.groups)[order]},
        {"y": np.array(folder.y)[order]},
    ):
        split = audit_dataset(X, **options).verify_manifest(manifest)
        assert split.tolist() == [folder.split[row] for row in order]


def test_what_differs_is_counted_and_named(folder, manifest):
    labels = [*folder.y]
    labels[5] = "something else"
    with pytest.raises(ValueError, match=r"1 of the images .*: image 005.jpg. 1 lines of the"):
        audit_dataset(folder.X, labels).verify_manifest(manifest)
    with pytest.raises(ValueError, match="2 lines of the manifest match none of"):
        audit_dataset(folder.X[:-2], folder.y[:-2]).verify_manifest(manifest)
    shutil.copy(folder.paths[7], folder.paths[6])
    with pytest.raises(ValueError, match=r"image 006.jpg.* columns id, sha256, label"):
        audit_dataset(folder.X, folder.y).verify_manifest(manifest)


def test_copies_under_one_name_keep_their_splits(tmp_path):
    image = make_lesion_images(9, image_size=(24, 24), random_state=0).images[0]
    X = [tmp_path / side / name / "1.png" for side in ("train", "test") for name in "ab"]
    for path in X:
        path.parent.mkdir(parents=True)
        Image.fromarray(image).save(path)
    y, groups = np.array([*"abab"]), np.array([*"1234"])
    split = np.array(["train", "train", "test", "test"])
    audit = audit_dataset(X, y, groups=groups, split=split)
    manifest = audit.to_manifest(tmp_path / "manifest.csv")
    again = audit_dataset(X[::-1], y[::-1], groups=groups[::-1])
    assert again.verify_manifest(manifest).tolist() == split[::-1].tolist()
    again = audit_dataset(X[::-1], split=split[::-1])
    assert again.verify_manifest(manifest).tolist() == split[::-1].tolist()
    for options, missing in (({}, "y or groups or split"), ({"y": y[::-1]}, "groups or split")):
        with pytest.raises(
            ValueError, match=rf"4 of the images .*: 1.png, .* Expected {missing}, "
        ):
            audit_dataset(X[::-1], **options).verify_manifest(manifest)
    unlabelled = tmp_path / "unlabelled.csv"
    audit_dataset(X, split=split).to_manifest(unlabelled)
    with pytest.raises(ValueError, match=r"4 of the images .*: 1.png, .* Expected split, as in"):
        audit_dataset(X, y).verify_manifest(unlabelled)
    for path in X[1:]:  # which are no copies
        path.write_bytes(b"")
    broken = audit_dataset(X, y, split=split).to_manifest(tmp_path / "broken.csv")
    assert audit_dataset(X).verify_manifest(broken).tolist() == split.tolist()
    for path in X[1:]:
        Image.fromarray(image).save(path)
    # Without groups in the manifest, nothing tells the two copies with one label apart.
    audit_dataset(X, y, split=split).to_manifest(manifest)
    found = audit_dataset(X[::-1], y[::-1]).verify_manifest(manifest)
    assert sorted(found[y[::-1] == "a"]) == ["test", "train"]


def test_images_in_memory_may_be_in_another_order(tmp_path):
    X = make_lesion_images(9, image_size=(24, 24), random_state=0).images[:6]
    X[5] = X[0]
    y, split = np.array([*"abbabb"]), np.array(["train"] * 3 + ["test"] * 3)
    manifest = audit_dataset(X, y, split=split).to_manifest(tmp_path / "manifest.csv")
    for images in (X, X.astype(np.float32), X.astype(np.int64)):
        audit = audit_dataset(images[::-1], y[::-1])
        assert audit.verify_manifest(manifest).tolist() == split[::-1].tolist()
    with pytest.raises(ValueError, match=r"2 of the images are such copies: row 0, row 5\."):
        audit_dataset(X).verify_manifest(manifest)
    with pytest.raises(ValueError, match=r"differ from it: row 0\. 1 lines .* columns sha256, lab"):
        audit_dataset(np.concatenate([X[:1] + 1, X[1:]]), y).verify_manifest(manifest)


def test_another_split_is_no_match(folder, manifest):
    audit = audit_dataset(folder.X, folder.y, split=["train"] * len(folder.y))
    with pytest.raises(ValueError, match="11 of the images are not"):
        audit.verify_manifest(manifest)


def test_lines_without_a_split_match_any(folder, manifest):
    """The command leaves the split of an image that it leaves out blank."""
    folder.paths.append(folder.paths[0])
    lines = pd.read_csv(manifest, dtype=str)
    lines = pd.concat([lines, lines.iloc[[0]]])
    splits = [*folder.split, "train" if folder.split[0] == "test" else "test"]
    lines["split"] = ["", "", *splits[2:]]
    lines.iloc[::-1].to_csv(manifest, index=False)
    labels = [*folder.y, folder.y[0]]
    audit = audit_dataset(folder.paths, labels, split=splits, near_duplicates=False)
    assert audit.verify_manifest(manifest).tolist() == ["", "", *splits[2:]]
    lines["split"] = ["", splits[1], *reversed(splits[2:])]
    lines.to_csv(manifest, index=False)
    with pytest.raises(ValueError, match="and split where both have one, were compared"):
        audit.verify_manifest(manifest)


def test_a_manifest_without_splits(folder, tmp_path):
    manifest = audit_dataset(folder.X, folder.y).to_manifest(tmp_path / "manifest.csv")
    audit = audit_dataset(folder.X, folder.y, split=folder.split)
    assert audit.verify_manifest(manifest).tolist() == [""] * len(folder.y)


def test_a_file_that_is_no_manifest(folder, tmp_path):
    (tmp_path / "other.csv").write_text("image,label\na,b\n")
    audit = audit_dataset(folder.X, folder.y)
    with pytest.raises(ValueError, match=r"columns \['image', 'label'\]. Expected a manifest"):
        audit.verify_manifest(tmp_path / "other.csv")
    with pytest.raises(FileNotFoundError):
        audit.verify_manifest(tmp_path / "missing.csv")
