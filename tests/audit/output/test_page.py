"""An audit as text, as a page and as tables."""

import re

import pandas as pd
import pytest
from PIL import Image

from skin_lesion import audit_dataset

pytestmark = pytest.mark.usefixtures("few_trees", "measure_once")


@pytest.fixture
def audit(folder):
    """One of each finding."""
    folder.add_copy(folder.of_class("melanoma")[0], label="nevus", split="test")
    folder.add_altered(
        folder.of_class("nevus")[0], lambda image: image.transpose(Image.Transpose.ROTATE_90)
    )
    folder.add(lambda path: path.write_bytes(b""), "<b>nevus</b>", "a & b", "train")
    frame = pd.DataFrame({"lesion_id": folder.groups})
    return audit_dataset(folder.X, folder.y, groups=folder.groups, split=folder.split, frame=frame)


def test_summary_is_a_page(audit, capsys):
    assert audit.summary() is None
    text = capsys.readouterr().out
    for expected in (
        "Audit of 33 images, 31 distinct contents, 4 classes, 31 groups, 22 train, 11 test",
        "Unreadable images  1 image",
        "Exact duplicates   1 content shared by 2 images",
        "Label conflicts    1 photograph with several labels: 1 melanoma / nevus",
        "Near duplicates    1 pair of contents",
        "1 image with a counterpart in an earlier split: 1 content, 1 group",
        "Suspected labels   not checked: no out-of-fold probabilities were given",
        "chance 0.",
        "too dark",
    ):
        assert expected in text
    assert len(text.splitlines()) < 60
    assert max(len(line) for line in text.splitlines()) < 130


def test_page_is_self_contained_and_well_formed(audit, tmp_path, read_links):
    path = audit.to_html(tmp_path / "audit.html")
    page = path.read_text(encoding="utf-8")
    links = read_links(page)
    assert links
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert "http" not in page
    # What names hold is shown, not obeyed.
    assert "<b>nevus</b>" not in page
    assert "&lt;b&gt;nevus&lt;/b&gt;" in page
    assert "a &amp; b" in page
    for title in ("Unreadable images", "Label conflicts", "Near duplicates", "Split leaks"):
        assert f"<h2>{title}" in page
    assert "turned by 90 counterclockwise" in page


def test_examples_are_limited_and_all_are_counted(folder, tmp_path):
    for row in range(8):
        folder.add_copy(row)
    audit = audit_dataset(folder.X, folder.y)
    page = audit.to_html(tmp_path / "audit.html", n_examples=2).read_text(encoding="utf-8")
    section = re.search(r"<h2>Exact duplicates.*?(?=<h2>)", page, flags=re.DOTALL)[0]
    assert "8 contents shared by 16 images" in section
    assert "Those with several labels are under Label conflicts. The first 2 are shown" in section
    assert section.count("<img") == 4


def test_html_repr_is_a_part_of_a_page(audit):
    part = audit._repr_html_()
    assert "<html" not in part
    assert "<h2>Label conflicts" in part


def test_tables_as_csv(audit, tmp_path):
    folder = audit.to_csv(tmp_path / "new" / "tables")
    conflicts = pd.read_csv(folder / "label_conflicts.csv")
    assert conflicts["labels"].tolist() == ["melanoma; nevus"]
    assert len(pd.read_csv(folder / "images.csv")) == 33
    assert list(pd.read_csv(folder / "class_counts.csv")["class"]) == sorted(
        set(audit.images["label"])
    )
    quality = pd.read_csv(folder / "quality.csv")
    assert quality["path"].tolist() == audit.images["path"].tolist()
    assert "blurred" in quality
    assert (folder / "suspected_labels.csv").read_text().startswith("row,path")
    assert {path.stem for path in folder.iterdir()} >= {"shortcuts", "quality", "split_leaks"}
