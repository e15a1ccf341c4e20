"""One bar over all fits, and the time at which they end."""

import sys
import time

from tqdm import tqdm

from ..._utils import lazy_keras as keras


class Progress:
    """How far all fits have come.

    Parameters
    ----------
    expected : list of float
        What each fit costs, in any unit.

    n_networks : list of int
        How many networks each fit trains.
    """

    def __init__(self, expected, n_networks):
        self._expected, self._n_networks = expected, n_networks
        self._n_done = self._n_begun = 0
        self._has_trained = False  # the present fit, by a step in this process
        self._share = self._share_begun = 0.0
        self._restored = 0.0  # what an earlier process has done, which took this one no time
        self._start = time.time()
        # On a terminal alone.
        self._bar = tqdm(
            total=sum(expected),
            disable=None,
            leave=False,
            bar_format="{desc}: {percentage:3.0f}%|{bar}|",
        )

    def begin_network(self):
        """Count a network of the present fit."""
        self._leave_network()
        self._n_begun += 1
        self._show()

    def restore(self, share):
        """Count this share of the steps of the present network as those of an earlier process."""
        self._share = self._share_begun = share

    def advance(self, share):
        """Count this share of the steps of the present network."""
        self._share, self._has_trained = share, True
        self._show()

    def end_fit(self, text):
        """Say in a line what the present fit came to."""
        notes = [] if self._has_trained else ["already trained"]
        while self._n_begun < self._n_networks[self._n_done]:  # those that were trained before
            self.begin_network()
        self._leave_network()
        self._n_done += 1
        self._n_begun, self._has_trained = 0, False
        is_last = self._n_done == len(self._expected)
        clock = None if is_last else self._clock()
        notes += [] if clock is None else [f"all fits end at about {clock}"]
        end = f" ({', '.join(notes)})" if notes else ""
        line = f"fit {self._n_done} of {len(self._expected)}: {text}{end}"
        self._bar.write(line, file=sys.stdout)
        sys.stdout.flush()
        if not is_last:
            self._show()

    def close(self):
        """Take the bar away."""
        self._bar.close()

    def _leave_network(self):
        """Count the present network, if there is one, as trained: by this process what it did."""
        if self._n_begun:
            earlier = 1 - self._share + self._share_begun
            networks = self._n_networks[self._n_done]
            self._restored += earlier * self._expected[self._n_done] / networks
        self._share = self._share_begun = 0.0

    def _done(self):
        done = sum(self._expected[: self._n_done])
        if self._n_begun:
            networks = self._n_networks[self._n_done]
            done += self._expected[self._n_done] * (self._n_begun - 1 + self._share) / networks
        return done

    def _clock(self):
        done = self._done()
        of_this_process = done - self._restored
        if self._n_begun:
            share = self._share_begun / self._n_networks[self._n_done]
            of_this_process -= self._expected[self._n_done] * share
        if of_this_process <= 1e-9 * done:
            return None
        left = (time.time() - self._start) / of_this_process * (sum(self._expected) - done)
        return time.strftime("%H:%M", time.localtime(time.time() + left))

    def _show(self):
        if self._bar.disable:
            return
        self._bar.n = self._done()
        place = f"fit {self._n_done + 1} of {len(self._expected)}"
        clock = self._clock()
        end = "" if clock is None else f", all end at about {clock}"
        self._bar.set_description_str(f"{place}{end}")


class CountSteps(keras.callbacks.Callback):
    """Tells the progress of each step. All copies are the same: what they count is one."""

    def __init__(self, progress):
        super().__init__()
        self._progress = progress
        self._n_steps = 0

    def __deepcopy__(self, memo):
        return self

    def get_config(self):
        """Return nothing: it changes no fit."""
        return {}

    def on_train_begin(self, logs=None):
        """Begin to count."""
        self._n_steps = 0
        self._progress.begin_network()

    def on_epoch_begin(self, epoch, logs=None):
        """Count what an earlier process has trained."""
        before, self._n_steps = self._n_steps, epoch * self.params["steps"]
        if self._n_steps > before:
            self._progress.restore(epoch / self.params["epochs"])

    def on_train_batch_end(self, batch, logs=None):
        """Count a step."""
        self._n_steps += 1
        self._progress.advance(self._n_steps / (self.params["epochs"] * self.params["steps"]))


class MeasureSteps(keras.callbacks.Callback):
    """Takes the time of each step."""

    def __init__(self):
        super().__init__()
        self.times = []

    def __deepcopy__(self, memo):
        return self

    def on_train_batch_end(self, batch, logs=None):
        """Note the time."""
        self.times.append(time.perf_counter())
