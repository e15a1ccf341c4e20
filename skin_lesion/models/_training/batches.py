"""Batches of images for Keras, read ahead, and augmented and shuffled anew in every epoch."""

from contextlib import contextmanager

import numpy as np
from tqdm.auto import tqdm

from ..._utils import lazy_keras as keras
from ..._utils.read_ahead import ReadAhead
from .._backend.memory import forget_traces, keep_freed_memory

_ROWS_OF_KERNEL = 8
# Of small images, more than a batch is predicted at a time: each call costs 2 ms.
_PIXELS_OF_BLOCK = 2**18


class ImageBatches(keras.utils.PyDataset):
    """Rows of a source in batches, which threads read and augment while Keras trains.

    The content of a batch depends only on the seed, the epoch and its position, not on when or in
    which thread it is read. At most ``source.n_readers + 2`` batches are in memory.

    The workers of Keras are not used. In Keras 3.3 they end every epoch twice, so that results
    depend on the threads; in later versions they wait a tenth of a second in every epoch.

    Parameters
    ----------
    source : ArraySource or PathSource

    rows : ndarray of shape (n,), of int
        Rows of the source, in the order of targets and weights.

    targets : ndarray of shape (n, n_classes), default=None
        One-hot classes. None gives batches for prediction.

    weights : ndarray of shape (n,), default=None

    batch_size : int

    seed : int, default=None
        Seed of shuffling and augmentation. With None, the images stay in order and unchanged.

    augmenter : ImageAugmenter, default=None
        Augments every image in every epoch.

    new_images : (ImageAugmenter, mask, draws), default=None
        Augments the masked rows, the same way in every epoch: see AugmentingOverSampler.

    Attributes
    ----------
    features : (ndarray, ndarray) or None
        Features that the batches contain in place of images: see `show_features`.
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
        self.targets = targets
        self.weights = weights
        self.features = None
        self._batch_size = batch_size
        self._seed = seed
        self._augmenter = augmenter
        self._new_images = new_images
        self._error = None
        self._reading = None
        self._epoch = None
        self.start_epoch(0)

    def __len__(self):
        return -(-len(self._rows) // self._batch_size)

    def start_epoch(self, epoch, logs=None):
        """Prepare an epoch, counted from 0; a callback calls this.

        Keras's `on_epoch_end` does not tell the next epoch, and versions call it at different
        times.
        """
        if epoch + 1 == self._epoch:
            return  # Keras has already read the first batches of this epoch: they are the same
        self._epoch = epoch + 1
        self._order = self._draw_order()
        self._start_at(0)

    def __getitem__(self, index):
        if index == 0:
            keep_freed_memory()  # Keras has just created the dataset that reads the batches
        places = self._places(index)
        try:
            images = self._look_up(index)
        except Exception as error:
            # A backend that reads in another thread would hide this error in its own traceback.
            self._error = error
            raise
        batch = (images.astype(np.float32, copy=False),)
        if self.targets is not None:
            batch += (self.targets[places],)
        if self.weights is not None:
            batch += (self.weights[places],)
        return batch

    @contextmanager
    def in_use(self):
        """Let Keras read the batches, and stop the threads afterwards.

        The original error of a batch is raised in place of Keras's error about it.
        """
        try:
            with forget_traces():
                yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise
        finally:
            # Without a restart: a backend that still reads in a thread must not start new threads.
            self._close()

    def _close(self):
        if self._reading is not None:
            self._reading.close()

    def _start_at(self, index):
        """Discard the batches that were read; the threads start with the first request."""
        self._close()
        self._reading = None
        self._next = index
        self._latest = {}

    def _look_up(self, index):
        # The latest two are kept, because Keras reads the first two before it uses the first.
        if index not in self._latest:
            if index != self._next:  # no callback starts an epoch of validation batches
                self._start_at(index)
            if self._reading is None:
                numbers = range(index, len(self))
                n_threads = self._source.n_readers if self.features is None else 0
                self._reading = ReadAhead(self._read, numbers, n_threads)
            self._latest = {i: images for i, images in self._latest.items() if i == index - 1}
            self._latest[index] = next(self._reading)
            self._next = index + 1
        return self._latest[index]

    def predict_with(self, network, *, title=None):
        """Return the output of a network for each image without augmentation.

        This is much faster than Keras's `predict`, which sets up a pipeline in each call.

        Parameters
        ----------
        network : keras.Model

        title : str, default=None
            Title of a progress bar. None shows no bar.

        Returns
        -------
        outputs : ndarray of shape (n_images, ...)
            One output per image, even if several rows have the same image.

        numbers : ndarray of shape (n,), of int
            Position of each row's image in `outputs`.
        """
        images = self._rows
        if self._new_images is not None:  # each new image is a separate one
            is_new = self._new_images[1]
            images = np.where(is_new, len(self._source) + np.arange(len(is_new)), images)
        _, places, numbers = np.unique(images, return_index=True, return_inverse=True)
        n_small = _PIXELS_OF_BLOCK // np.prod(self._source.image_shape[:2])
        n_of_reader = -(-len(places) // self._source.n_readers)  # so that all of them read
        size = _size_of_blocks(len(places), max(self._batch_size, min(n_small, n_of_reader)))
        blocks = np.split(places, range(size, len(places), size))
        n_threads = self._source.n_readers if len(blocks) > 1 else 0  # one block needs no thread
        outputs = []
        with ReadAhead(self._read_places, blocks, n_threads) as stacks:
            for stack in tqdm(stacks, title, len(blocks), unit="batch", disable=title is None):
                if len(stack) < size:  # a last block of another size would be traced again
                    padding = np.repeat(stack[-1:], size - len(stack), axis=0)
                    stack = np.concatenate([stack, padding])
                outputs.append(network.predict_on_batch(stack.astype(np.float32, copy=False)))
        return np.concatenate(outputs)[: len(places)], numbers

    def show_features(self, features, numbers):
        """Return features in batches from now on, as from `predict_with`, in place of images."""
        self.features = features, numbers

    def _read(self, index):
        places = self._places(index)
        if self.features is not None:
            features, numbers = self.features
            return features[numbers[places]]
        images = self._read_places(places)
        if self._augmenter is not None:
            rng = np.random.RandomState([self._seed, self._epoch, index])
            images = self._augmenter.apply(images, self._augmenter.draw(len(images), rng))
        return images

    def _read_places(self, places):
        images = self._source.take(self._rows[places])
        if self._new_images is not None:
            augmenter, is_new, draws = self._new_images
            new = is_new[places]
            images[new] = augmenter.apply(images[new], draws[np.cumsum(is_new)[places[new]] - 1])
        return images

    def _places(self, index):
        return self._order[index * self._batch_size : (index + 1) * self._batch_size]

    def _draw_order(self):
        if self._seed is None:
            return np.arange(len(self._rows))
        return np.random.RandomState([self._seed, self._epoch]).permutation(len(self._rows))


def _size_of_blocks(n_rows, batch_size):
    """Return how many rows to predict at a time: at most about `batch_size`.

    Backends compute leftover rows of a block with another kernel, which rounds differently. In full
    blocks of one size, the output for a row does not depend on its position.
    """
    if n_rows == 1:
        return 1
    largest = max(batch_size // _ROWS_OF_KERNEL, 1) * _ROWS_OF_KERNEL
    n_blocks = -(-n_rows // largest)
    return -(-n_rows // (n_blocks * _ROWS_OF_KERNEL)) * _ROWS_OF_KERNEL
