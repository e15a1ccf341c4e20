"""Which class the command takes for the one to find."""

import pytest

from skin_lesion.cli._positive import find_positive


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (["melanoma", "nevus"], "melanoma"),
        (["AK", "BCC", "BKL", "DF", "MEL", "NV", "SCC", "VASC"], "MEL"),
        (["Melanoma", "Nevus", "basal cell carcinoma"], "Melanoma"),
        (["benign", "malignant"], "malignant"),
        (["basal cell carcinoma", "nevus", "squamous cell carcinoma"], None),
        (["a", "b"], None),
    ],
)
def test_the_class_of_melanomas_goes_before_others(classes, positive):
    assert find_positive(classes) == positive
