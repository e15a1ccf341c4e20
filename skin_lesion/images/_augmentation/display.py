"""A grid of variants of one image."""

import numpy as np

from .._transformer import split_images
from .augmenter import ImageAugmenter


class AugmentationDisplay:
    """An image and variants of it, side by side, to inspect before training.

    Create it with :meth:`from_augmenter`, as with the displays of scikit-learn. Choose strengths at
    which a dermatologist would still give each variant the label of the image.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3)
        RGB, uint8, or floating dtype with values from 0 to 255.

    variants : ndarray of shape (n_variants, height, width, 3)
        In the same range.

    draws : ndarray of shape (n_variants,), structured
        The random parameters of each variant. See :meth:`ImageAugmenter.draw`.

    Attributes
    ----------
    ax_ : ndarray of shape (n_axes,), of matplotlib Axes
        The first shows the image, the others show its variants.

    figure_ : matplotlib Figure
        The figure that holds the Axes.

    Examples
    --------
    >>> from skin_lesion import AugmentationDisplay, ImageAugmenter, make_lesion_images
    >>> image = make_lesion_images(2, n_classes=2, random_state=0).images[0]
    >>> augmenter = ImageAugmenter(shear=10, hue=10, hair=0.5, random_state=0)
    >>> display = AugmentationDisplay.from_augmenter(augmenter, image, n_variants=7)
    >>> len(display.ax_), display.variants.shape
    (8, (7, 96, 96, 3))
    """

    def __init__(self, *, image, variants, draws):
        self.image = image
        self.variants = variants
        self.draws = draws

    @classmethod
    def from_augmenter(cls, augmenter, image, *, n_variants=11, random_state=None, ax=None):
        """Draw variants of an image, and plot them.

        Parameters
        ----------
        augmenter : ImageAugmenter
            The augmenter. It need not be fitted.

        image : array-like of shape (height, width, 3)
            RGB, uint8, or floating dtype with values from 0 to 255.

        n_variants : int, default=11
            Number of variants, at least 1.

        random_state : int, RandomState instance or None, default=None
            None uses the `random_state` of the augmenter.

        ax : array-like of n_variants + 1 matplotlib Axes, default=None
            The Axes to plot on. None creates a new figure.

        Returns
        -------
        display : AugmentationDisplay
            The display.

        Raises
        ------
        TypeError
            If `augmenter` is not an ImageAugmenter, or if `image` is a path.
        ValueError
            If `image` is not one RGB image, if `n_variants` is less than 1, or if `ax` has another
            number of Axes.
        """
        if not isinstance(augmenter, ImageAugmenter):
            raise TypeError(
                f"augmenter is {augmenter!r}, of type {type(augmenter).__name__}. Expected an"
                " ImageAugmenter. Pass ImageAugmenter()."
            )
        if n_variants < 1:
            raise ValueError(f"n_variants is {n_variants}. Expected at least 1. Increase it.")
        images, form = split_images(image, name="image")
        if form != "image":
            raise ValueError(
                f"image is a {form} of {len(images)} images. Expected one image of shape"
                " (height, width, 3). Pass one of them, such as image[0]."
            )
        draws = augmenter.draw(n_variants, random_state)
        variants = augmenter.apply(np.repeat(images, n_variants, axis=0), draws)
        return cls(image=images[0], variants=variants, draws=draws).plot(ax=ax)

    def plot(self, *, ax=None):
        """Show the image and its variants.

        Parameters
        ----------
        ax : array-like of matplotlib Axes, default=None
            One more than there are variants. None creates a new figure.

        Returns
        -------
        display : AugmentationDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `ax` has another number of Axes.
        """
        import matplotlib.pyplot as plt

        shown = [self.image, *self.variants]
        if ax is None:
            n_columns = min(len(shown), 4)
            n_rows = -(-len(shown) // n_columns)
            _, ax = plt.subplots(
                n_rows, n_columns, figsize=(2 * n_columns, 2.2 * n_rows), layout="constrained"
            )
            for unused in ax.ravel()[len(shown) :]:
                unused.remove()
            ax = ax.ravel()[: len(shown)]
        self.ax_ = np.ravel(ax)
        if len(self.ax_) != len(shown):
            raise ValueError(
                f"ax holds {len(self.ax_)} Axes. Expected {len(shown)}, for the image and"
                f" {len(self.variants)} variants. Pass as many, or pass None."
            )
        self.figure_ = self.ax_[0].figure
        for axes, pixels in zip(self.ax_, shown, strict=True):
            axes.imshow(np.rint(pixels).astype(np.uint8))
            axes.set_axis_off()
        self.ax_[0].set_title("original")
        return self
