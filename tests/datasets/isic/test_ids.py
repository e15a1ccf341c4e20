from pathlib import Path

import pytest

from skin_lesion.datasets._isic.ids import isic_id_of


@pytest.mark.parametrize(
    "name",
    [
        "ISIC_0024306",
        "ISIC_0024306.jpg",
        "ISIC_0024306.JPG",
        "isic_0024306.jpeg",
        "ISIC_0024306.jpg.png",
        "ISIC_0024306_downsampled.jpg",
        "ISIC_0024306_downsample",
        "ISIC_0024306_downsampled (1).jpg",
        "ISIC_0024306 (1).jpg",
        "ISIC_0024306(12).jpg",
        "ISIC_0024306_(1).jpg",
        "ISIC_0024306_1.jpg",
        "ISIC_0024306 - Copy.jpg",
        "ISIC_0024306 - Copy (2).jpg",
        "ISIC_0024306 copy 2.jpg",
        "ISIC_0024306.jpg ",
        "data/HAM10000_images_part_1/ISIC_0024306.jpg",
        r"C:\data\ISIC_0024306.jpg",
        "train-image.hdf5/ISIC_0024306",
        Path("data") / "ISIC_0024306.png",
    ],
)
def test_names_of_one_image(name):
    assert isic_id_of(name) == "ISIC_0024306"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1.jpg",
        "ISIC_24306.jpg",
        "ISIC_00243061.jpg",
        "xISIC_0024306.jpg",
        "ISIC_0024306_segmentation.png",
        "ISIC_0024306_Segmentation.png",
        "ISIC_0024306_superpixels.png",
        "ISIC_0024306_attribute_globules.png",
        "ISIC_0024306_aug3.jpg",
        "ISIC_0024306/1.jpg",
        "ISIC_0024306.jpg/",
    ],
)
def test_names_that_are_no_isic_id(name):
    assert isic_id_of(name) is None
