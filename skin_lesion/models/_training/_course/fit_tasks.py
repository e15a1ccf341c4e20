"""What a fit tells scikit-learn's callbacks."""

from contextvars import ContextVar

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9, whose searches know no callbacks either
    CallbackSupportMixin = None

# Which of several estimators is being fitted, such as " 1 of 2", for progress bars.
place_among_fits = ContextVar("place_among_fits", default="")


class FitTasksMixin(CallbackSupportMixin or object):
    """Tells scikit-learn's callbacks, such as its ProgressBar, of the parts of a fit."""

    def _open_fit_task(self, n_parts=None):
        """Return the task of a fit, or None where scikit-learn has no callbacks.

        To be called in a method that `fit_context` decorates, which closes the task.
        """
        return CallbackSupportMixin and self._init_callback_context(max_subtasks=n_parts)

    def _fit_parts(self, estimators, X, y, params):
        """Fit estimators one after the other, each with its params.

        Returns
        -------
        begun : list of estimators
            Those whose fit has begun: all, if there is no interruption.

        interrupt : KeyboardInterrupt or None
            For the caller to raise.
        """
        task = self._open_fit_task(len(estimators))
        if task is not None:
            task.call_on_fit_task_begin(estimator=self)
        n_parts = len(estimators)
        for number, (each, given) in enumerate(zip(estimators, params, strict=True), 1):
            place = f" {number} of {n_parts}" if n_parts > 1 else place_among_fits.get()
            outer = place_among_fits.set(place)
            try:
                self._fit_part(task, each, X, y, given)
            except KeyboardInterrupt as interrupt:
                return estimators[:number], interrupt
            finally:
                place_among_fits.reset(outer)
        if task is not None:
            task.call_on_fit_task_end(estimator=self)
        return estimators, None

    def _fit_part(self, task, estimator, X, y, params):
        if task is None:
            estimator.fit(X, y, **params)
            return
        part = task.subcontext(task_name="fit")
        with part.propagate_callback_context(estimator):
            part.call_on_fit_task_begin(estimator=self)
            estimator.fit(X, y, **params)
            part.call_on_fit_task_end(estimator=self)
