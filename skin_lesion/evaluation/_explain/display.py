"""Class activation maps, overlaid on their images."""

import numpy as np

from ..._utils.validation.messages import say
from .activation_maps import make_maps

_OPACITY = 0.6


class ActivationMapDisplay:
    """Class activation maps, overlaid on their images.

    Create it by :meth:`from_estimator`, as with the displays of scikit-learn.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, 3)
        Pixels from 0 to 255.

    maps : ndarray of shape (n, height, width)
        From 0 to 1.

    titles : sequence of n str, default=None
        The title of each map, such as its class.

    Attributes
    ----------
    ax_ : ndarray of shape (n,), of matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    class_activation_maps : Computes the maps.

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import ActivationMapDisplay, make_lesion_images
    >>> images = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0).images
    >>> maps = np.random.default_rng(0).random((4, 32, 32))
    >>> ActivationMapDisplay(images=images, maps=maps).plot().ax_.shape
    (4,)
    """

    def __init__(self, *, images, maps, titles=None):
        self.images = images
        self.maps = maps
        self.titles = titles

    @classmethod
    def from_estimator(cls, estimator, X, *, target=None, ax=None):
        """Plot the maps of a fitted classifier.

        Parameters
        ----------
        estimator : fitted SkinLesionClassifier
            Or a pipeline or search that ends in one.

        X : array-like of n rows
            Images as the estimator takes them: a few.

        target : str, int, array-like of shape (n,) or None, default=None
            The class to explain. None means the class that `estimator` predicts.

        ax : sequence of n matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : ActivationMapDisplay
            What was drawn.
        """
        batches = zip(*make_maps(estimator, X, target), strict=True)
        maps, images, classes = map(np.concatenate, batches)
        return cls(images=images, maps=maps, titles=[str(name) for name in classes]).plot(ax=ax)

    def plot(self, *, ax=None, n_columns=6):
        """Draw the images with their maps.

        Parameters
        ----------
        ax : sequence of n matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        n_columns : int, default=6
            Images in a row of a new figure.

        Returns
        -------
        display : ActivationMapDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If the numbers of Axes and images differ.
        """
        import matplotlib.pyplot as plt

        n = len(self.images)
        if ax is None:
            n_rows = -(-n // n_columns)
            n_columns = min(n, n_columns)
            _, grid = plt.subplots(
                n_rows,
                n_columns,
                figsize=(2 * n_columns, 2.2 * n_rows),
                squeeze=False,
                layout="constrained",
            )
            for unused in grid.ravel()[n:]:
                unused.set_axis_off()
            ax = grid.ravel()[:n]
        self.ax_ = np.ravel(ax)
        if len(self.ax_) != n:
            raise ValueError(
                f"ax holds {len(self.ax_)} Axes for {say(n, 'image')}. Expected one for each."
            )
        self.figure_ = self.ax_[0].figure
        for place, axes in enumerate(self.ax_):
            axes.imshow(np.clip(self.images[place], 0, 255).astype(np.uint8))
            # The opacity follows the map: parts without weight keep their colours.
            axes.imshow(
                self.maps[place],
                cmap="inferno",
                vmin=0,
                vmax=1,
                alpha=_OPACITY * np.asarray(self.maps[place]),
            )
            axes.set(xticks=[], yticks=[])
            if self.titles is not None:
                axes.set_title(self.titles[place], fontsize=8)
        return self
