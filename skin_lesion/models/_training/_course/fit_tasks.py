"""What a fit tells scikit-learn's callbacks."""

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9, whose searches know no callbacks either
    CallbackSupportMixin = None


class FitTasksMixin(CallbackSupportMixin or object):
    """Tells scikit-learn's callbacks, such as its ProgressBar, of the parts of a fit."""

    def _open_fit_task(self, n_parts=None):
        """Return the task of a fit, or None where scikit-learn has no callbacks.

        To be called in a method that `fit_context` decorates, which closes the task.
        """
        return CallbackSupportMixin and self._init_callback_context(max_subtasks=n_parts)

    def _fit_parts(self, estimators, X, y, params):
        """Fit estimators one after the other, each with its params, and return them."""
        task = self._open_fit_task(len(estimators))
        if task is None:
            return [each.fit(X, y, **given) for each, given in zip(estimators, params, strict=True)]
        task.call_on_fit_task_begin(estimator=self)
        for each, given in zip(estimators, params, strict=True):
            part = task.subcontext(task_name="fit")
            with part.propagate_callback_context(each):
                part.call_on_fit_task_begin(estimator=self)
                each.fit(X, y, **given)
                part.call_on_fit_task_end(estimator=self)
        task.call_on_fit_task_end(estimator=self)
        return estimators
