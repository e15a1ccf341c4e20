"""Batches of images for Keras, read ahead of training, varied and shuffled anew in every epoch."""

from contextlib import contextmanager

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.read_ahead import ReadAhead
from .._backend.memory import forget_traces, keep_freed_memory

_ROWS_OF_KERNEL = 8


class ImageBatches(keras.utils.PyDataset):
    """Rows of a source, in batches, which threads read and vary while Keras trains on earlier ones.

    What a batch holds depends on the seed, the epoch and its position alone, not on when or in
    which thread it is read. At most ``source.n_readers + 2`` batches are held.

    Keras has workers of its own. Those of 3.3 end every epoch twice, so that results depend on the
    threads; those of later versions wait a tenth of a second in every epoch.

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

    Attributes
    ----------
    features : (ndarray, ndarray) or None
        What the batches hold in place of images: see `show_features`.
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
        """Turn to an epoch, counted from 0; a callback calls this.

        Keras's own `on_epoch_end` does not say which epoch comes next, and is called at other
        times in other versions.
        """
        if epoch + 1 == self._epoch:
            return  # Keras has looked at the first batches before it begins: they are the same
        self._epoch = epoch + 1
        self._order = self._draw_order()
        self._start_at(0)

    def __getitem__(self, index):
        if index == 0:
            keep_freed_memory()  # the dataset that asks for batches has just been made
        places = self._places(index)
        try:
            images = self._look_up(index)
        except Exception as error:
            # A backend that reads in a thread of its own would bury this one in its own traceback.
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
        """Let Keras read the batches, and end the threads when it is done.

        An error of a batch is raised as it was, where Keras raises one of its own about it.
        """
        try:
            with forget_traces():
                yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise
        finally:
            # Not anew: a backend that still reads in a thread of its own shall start no others.
            self._close()

    def _close(self):
        if self._reading is not None:
            self._reading.close()

    def _start_at(self, index):
        """Forget what was read; the threads begin when the first batch is asked for."""
        self._close()
        self._reading = None
        self._next = index
        self._latest = {}

    def _look_up(self, index):
        # The latest two are kept: Keras looks at the first two before it begins with the first.
        if index not in self._latest:
            if index != self._next:  # of validation batches, no callback starts an epoch
                self._start_at(index)
            if self._reading is None:
                numbers = range(index, len(self))
                n_threads = self._source.n_readers if self.features is None else 0
                self._reading = ReadAhead(self._read, numbers, n_threads)
            self._latest = {i: images for i, images in self._latest.items() if i == index - 1}
            self._latest[index] = next(self._reading)
            self._next = index + 1
        return self._latest[index]

    def predict_with(self, network):
        """Return what a network makes of each image, before `augmenter` varies it.

        It takes a fraction of the time of Keras's `predict`, which sets up a pipeline at each call.

        Returns
        -------
        outputs : ndarray of shape (n_images, ...)
            Of each image once, however many rows have it.

        numbers : ndarray of shape (n,), of int
            Place of the image of each row in `outputs`.
        """
        images = self._rows
        if self._new_images is not None:  # each is another one
            is_new = self._new_images[1]
            images = np.where(is_new, len(self._source) + np.arange(len(is_new)), images)
        _, places, numbers = np.unique(images, return_index=True, return_inverse=True)
        size = _size_of_blocks(len(places), self._batch_size)
        blocks = np.split(places, range(size, len(places), size))
        n_threads = self._source.n_readers if len(blocks) > 1 else 0  # one is not worth a thread
        outputs = []
        with ReadAhead(self._read_places, blocks, n_threads) as stacks:
            for stack in stacks:
                if len(stack) < size:  # a last block of another size would be traced anew
                    padding = np.repeat(stack[-1:], size - len(stack), axis=0)
                    stack = np.concatenate([stack, padding])
                outputs.append(network.predict_on_batch(stack.astype(np.float32, copy=False)))
        return np.concatenate(outputs)[: len(places)], numbers

    def show_features(self, features, numbers):
        """Go on with rows of features, such as `predict_with` returns, in place of the images."""
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
    """Return by how many rows the network is to predict at a time: about `batch_size`.

    Backends compute the odd rows of a block by another kernel, which rounds otherwise. In full
    blocks of one size, what comes out for a row does not depend on its place among others.
    """
    if n_rows == 1:
        return 1
    largest = max(batch_size // _ROWS_OF_KERNEL, 1) * _ROWS_OF_KERNEL
    n_blocks = -(-n_rows // largest)
    return -(-n_rows // (n_blocks * _ROWS_OF_KERNEL)) * _ROWS_OF_KERNEL
