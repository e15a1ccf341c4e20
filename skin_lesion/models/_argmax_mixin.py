"""What classifiers of images share that know a class by its probability."""

from .._utils.documented import DocumentedMixin


class MostProbableClassMixin(DocumentedMixin):
    """Predicts by `predict_proba`, and takes paths."""

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`predict_proba`.

        Returns
        -------
        y : ndarray of shape (n,)
            Class names.
        """
        most_probable = self.predict_proba(X).argmax(axis=1)
        return self.classes_[most_probable]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags
