"""Batches of images for Keras, read, varied and shuffled anew in every epoch."""

from contextlib import contextmanager

import keras
import numpy as np

from ._backend import keep_freed_memory


class ImageBatches(keras.utils.PyDataset):
    """Rows of a source, in batches.

    What a batch holds depends on the seed, the epoch and its position alone, not on when or in
    which thread it is asked for.

    Parameters
    ----------
    source : ArraySource or PathSource

    rows : ndarray of shape (n,), of int
        Rows of the source, in the order in which targets and weights are given.

    targets : ndarray of shape (n, n_classes), default=None
        One-hot classes. None gives batches to predict.

    weights : ndarray of shape (n,), default=None

    batch_size : int

    seed : int, default=None
        Shuffles the rows and varies the images; with None they come in their order, as they are.

    augmenter : ImageAugmenter, default=None
        Varies every image in every epoch.

    new_images : (ImageAugmenter, mask, draws), default=None
        Varies the masked rows in the same way in every epoch: see AugmentingOverSampler.
    """

    def __init__(
        self,
        source,
        rows,
        targets=None,
        weights=None,
        *,
        batch_size,
        seed=None,
        augmenter=None,
        new_images=None,
    ):
        super().__init__()
        self._source = source
        self._rows = rows
        self._targets = targets
        self._weights = weights
        self._batch_size = batch_size
        self._seed = seed
        self._augmenter = augmenter
        self._new_images = new_images
        self._epoch = 0
        self._order = self._draw_order()
        self._error = None

    def __len__(self):
        return -(-len(self._rows) // self._batch_size)

    def __getitem__(self, index):
        if index == 0:
            keep_freed_memory()  # the dataset that asks for batches has just been made
        places = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        try:
            images = self._vary(self._source.take(self._rows[places]), places, index)
        except Exception as error:
            # A backend that reads in a thread of its own would bury this one in its own traceback.
            self._error = error
            raise
        batch = (images.astype(np.float32, copy=False),)
        if self._targets is not None:
            batch += (self._targets[places],)
        if self._weights is not None:
            batch += (self._weights[places],)
        return batch

    @contextmanager
    def own_errors(self):
        """Raise the error of a batch as it was, where Keras raises one of its own about it."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise

    def on_epoch_end(self):
        self._epoch += 1
        self._order = self._draw_order()

    def _draw_order(self):
        if self._seed is None:
            return np.arange(len(self._rows))
        return np.random.RandomState([self._seed, self._epoch]).permutation(len(self._rows))

    def _vary(self, images, places, index):
        if self._new_images is not None:
            augmenter, is_new, draws = self._new_images
            new = is_new[places]
            images[new] = augmenter.apply(images[new], draws[np.cumsum(is_new)[places[new]] - 1])
        if self._augmenter is not None:
            rng = np.random.RandomState([self._seed, self._epoch, index])
            images = self._augmenter.apply(images, self._augmenter.draw(len(images), rng))
        return images
