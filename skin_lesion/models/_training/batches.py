"""Batches of images for Keras, read ahead of training, varied and shuffled anew in every epoch."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import keras
import numpy as np

from .._backend.memory import forget_traces, keep_freed_memory


class Readers(ThreadPoolExecutor):
    """Threads that read and vary batches while Keras trains on earlier ones.

    Keras has workers of its own. Those of 3.3 end every epoch twice, so that results depend on the
    threads; those of later versions wait a tenth of a second in every epoch.
    """

    def __init__(self, n_threads):
        super().__init__(n_threads, thread_name_prefix="skin_lesion_reader")
        self.n_threads = n_threads

    def __exit__(self, *exception):
        self.shutdown(wait=True, cancel_futures=True)


class ImageBatches(keras.utils.PyDataset):
    """Rows of a source, in batches.

    What a batch holds depends on the seed, the epoch and its position alone, not on when or in
    which thread it is read. At most ``readers.n_threads + 2`` batches are held.

    Parameters
    ----------
    source : ArraySource or PathSource

    rows : ndarray of shape (n,), of int
        Rows of the source, in the order in which targets and weights are given.

    targets : ndarray of shape (n, n_classes), default=None
        One-hot classes. None gives batches to predict.

    weights : ndarray of shape (n,), default=None

    batch_size : int

    readers : Readers

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
        readers,
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
        self._readers = readers
        self._seed = seed
        self._augmenter = augmenter
        self._new_images = new_images
        self._error = None
        self.start_epoch(0)

    def __len__(self):
        return -(-len(self._rows) // self._batch_size)

    def start_epoch(self, epoch, logs=None):
        """Turn to an epoch, counted from 0; a callback calls this.

        Keras's own `on_epoch_end` does not say which epoch comes next, and is called at other
        times in other versions.
        """
        self._epoch = epoch + 1
        self._order = self._draw_order()
        self._ahead = {}

    def __getitem__(self, index):
        if index == 0:
            keep_freed_memory()  # the dataset that asks for batches has just been made
        places = self._places(index)
        try:
            images = self._read_ahead(index).result()
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
    def in_use(self):
        """Let Keras read the batches.

        An error of a batch is raised as it was, where Keras raises one of its own about it.
        """
        try:
            with forget_traces():
                yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise

    def _read_ahead(self, index):
        """Return the batch to come, while the readers begin with those after it."""
        # The one before is kept: Keras looks at the first two before it begins with the first.
        ahead = self._ahead
        first, last = max(index - 1, 0), min(index + self._readers.n_threads, len(self) - 1)
        last = max([last, *ahead])
        self._ahead = {
            i: ahead[i] if i in ahead else self._readers.submit(self._read, i)
            for i in range(first, last + 1)
        }
        return self._ahead[index]

    def _read(self, index):
        places = self._places(index)
        return self._vary(self._source.take(self._rows[places]), places, index)

    def _places(self, index):
        return self._order[index * self._batch_size : (index + 1) * self._batch_size]

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
