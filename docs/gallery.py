"""What sphinx-gallery does between two examples."""

import matplotlib.pyplot as plt
import sklearn

CONFIG = sklearn.get_config()


def reset(gallery_conf, script):
    """Give every example the settings of scikit-learn and Matplotlib that a reader starts with."""
    sklearn.set_config(**CONFIG)
    # A lesion's colours and blocks of pixels are what a picture is about: no blur between them.
    plt.rcParams.update({"figure.constrained_layout.use": True, "image.interpolation": "nearest"})
