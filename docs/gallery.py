"""What sphinx-gallery does between two examples."""

import warnings

import matplotlib.pyplot as plt
import sklearn

from skin_lesion._utils import documentation_link as _base

CONFIG = sklearn.get_config()


# An estimator that is shown in the gallery links to its page in this documentation: from
# auto_examples/<section>/<example>.html.
_base.documentation_url = lambda: "../.."


# Where in the libraries of this machine a warning arose is nothing to a reader.
warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"


def reset(gallery_conf, script):
    """Give every example the settings of scikit-learn and Matplotlib that a reader starts with."""
    sklearn.set_config(**CONFIG)
    # A lesion's colours and blocks of pixels are what a picture is about: no blur between them.
    plt.rcParams.update({"figure.constrained_layout.use": True, "image.interpolation": "nearest"})
