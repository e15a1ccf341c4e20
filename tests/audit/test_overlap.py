import numpy as np
import pytest
from PIL import Image

from skin_lesion import find_overlap, make_lesion_images


@pytest.fixture(scope="module")
def sets():
    return [
        make_lesion_images(20, images_per_lesion=1, random_state=seed).images for seed in (0, 1, 2)
    ]


def test_pairs_of_three_datasets(sets, tmp_path):
    """One in memory, two on disk; a copy of a copy, a turned image and a smaller one."""
    ours, theirs, others = (images.copy() for images in sets)
    theirs[3] = ours[7]
    others[5] = np.rot90(ours[7])
    others[6] = theirs[4]
    paths = {}
    for name, images in (("theirs", theirs), ("others", others)):
        paths[name] = []
        for row, image in enumerate(images):
            picture = Image.fromarray(image)
            if name == "others" and row == 6:
                picture = picture.resize((64, 64))
            paths[name].append(str(tmp_path / f"{name} {row}.png"))
            picture.save(paths[name][-1])
    (tmp_path / "theirs 9.png").write_bytes(b"no image")

    with pytest.warns(UserWarning, match=r"1 image cannot be read .*theirs 9.png") as caught:
        pairs = find_overlap({"ours": ours, **paths}, n_jobs=1)

    assert caught[0].filename == __file__
    columns = ["dataset", "row", "other_dataset", "other_row", "transform"]
    assert pairs[columns].values.tolist() == [
        ["ours", 7, "theirs", 3, "none"],
        ["ours", 7, "others", 5, "turned by 90 counterclockwise"],
        ["theirs", 3, "others", 5, "turned by 90 counterclockwise"],
        ["theirs", 4, "others", 6, "none"],
    ]
    assert pairs["other_path"].iloc[0] == paths["theirs"][3]


def test_equal_files_and_the_way_of_a_transform(sets, tmp_path):
    """The first set has the turned image as well: what it needs depends on the direction."""
    image = sets[0][0]
    turned = np.rot90(image)
    pairs = find_overlap({"a": np.stack([image, turned]), "b": np.stack([turned, sets[1][0]])})

    assert pairs[["row", "other_row", "kind", "transform"]].values.tolist() == [
        [0, 0, "near duplicate", "turned by 90 counterclockwise"],
        [1, 0, "content", "none"],
    ]
    assert pairs["distance"].tolist()[1] == 0
    same = find_overlap({"a": turned[np.newaxis], "b": turned[np.newaxis].astype(np.float32)})
    assert same["kind"].tolist() == ["content"]
    back = find_overlap({"b": np.stack([turned, sets[1][0]]), "a": np.stack([image, turned])})
    assert back["transform"].tolist() == ["turned by 90 clockwise", "none"]


def test_none_and_errors(sets):
    assert find_overlap({"a": sets[0], "b": sets[1]}).empty
    with pytest.raises(ValueError, match="at least two"):
        find_overlap({"a": sets[0]})
    with pytest.raises(TypeError, match=r"entries \['target'\]"):
        find_overlap({"a": sets[0], "b": {"target": []}})
