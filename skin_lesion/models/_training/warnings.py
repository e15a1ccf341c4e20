"""What `fit` warns of when it has ended."""

import warnings

from sklearn.exceptions import ConvergenceWarning

_STACK_LEVEL = 4  # from here to the line that calls fit


def warn_of_interruption(n_iter, best_epoch, epochs):
    """Warn that Ctrl-C has cut training short, and say what is kept."""
    warnings.warn(
        f"Training was interrupted after {n_iter} of {epochs} epochs. The classifier keeps the"
        f" weights of epoch {best_epoch}, and the interruption is passed on.",
        UserWarning,
        stacklevel=_STACK_LEVEL,
    )


def warn_if_still_improving(n_iter, best_epoch, epochs):
    """Warn, in `fit`, if the last epoch ended training and the best one was in the later half."""
    if n_iter >= epochs and 2 * best_epoch > n_iter:
        warnings.warn(
            f"Training ended at epochs={epochs}, and the validation loss was lowest in epoch"
            f" {best_epoch}: it may fall further. Increase the number of epochs, for example to"
            f" {2 * epochs}; early stopping ends training when it is enough.",
            ConvergenceWarning,
            stacklevel=_STACK_LEVEL,
        )
