"""Features of a lesion relative to the other lesions of the patient."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, fit_context, safe_indexing
from ..._utils.validation.labels import number_labels
from ..._utils.validation.messages import did_you_mean, name_some


class RelativeToGroup(DocumentedMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Compare each lesion with the other lesions of the patient.

    The nevi of a patient resemble each other. A lesion that looks different from them, an "ugly
    duckling", is suspicious [1]_. This transformer turns each feature into its z-score within the
    patient: the difference to the patient's mean, divided by the patient's standard deviation.

    Means and standard deviations come from the rows that `transform` receives, also for new
    patients. Nothing is learnt in `fit`. Pass all lesions of a patient in the same call.

    Parameters
    ----------
    group_column : str or int, default="patient_id"
        The column of `X` that names the patient: its name, or its number where `X` is an array. All
        other columns are features.

    scale : bool, default=True
        Divide by the standard deviation. False keeps the difference to the mean, in the unit of the
        feature: of two lesions, the z-scores are -1 and 1 however different they are.

    Attributes
    ----------
    n_features_in_ : int
        The number of columns, with that of the groups.

    feature_names_in_ : ndarray of shape (`n_features_in_`,), of object
        The names of the columns, where `X` is a DataFrame.

    See Also
    --------
    aggregate_by_group : Joins the images of a lesion; compare lesions, not images.
    ImageEmbedder : Turns images into features.

    Notes
    -----
    - A lesion counts in the mean and standard deviation of its own patient, as in
      :class:`~sklearn.preprocessing.StandardScaler`. Of n lesions, no z-score is
      therefore above ``sqrt(n - 1)``.
    - The result is missing (NaN) where there is nothing to compare: for a missing value, and where
      no other lesion of the patient has a value.
      :class:`~sklearn.ensemble.HistGradientBoostingClassifier` takes missing values; other models
      need a :class:`~sklearn.impute.SimpleImputer`.
    - The result is 0 where all lesions of a patient have the same value.
    - No labels are used, so none can leak. Cross-validation still has to keep each patient on one
      side, as :class:`~sklearn.model_selection.StratifiedGroupKFold` does. Otherwise each side
      compares a lesion with only a part of the patient's other lesions, unlike in use.
      The transformer stores no patients and cannot detect this.

    References
    ----------
    .. [1] J. J. Grob and J. J. Bonerandi, "The 'ugly duckling' sign: identification of the common
       characteristics of nevi in an individual as a basis for melanoma screening", Archives of
       Dermatology 134(1), 103-104, 1998. :doi:`10.1001/archderm.134.1.103-a`

    Examples
    --------
    >>> import pandas as pd
    >>> from skin_lesion import RelativeToGroup
    >>> lesions = pd.DataFrame({
    ...     "patient_id": ["a", "a", "a", "b", "b", "b", "c"],
    ...     "diameter": [2.0, 2.0, 5.0, 5.0, 6.0, 4.0, 5.0],
    ... })

    Five millimetres are unusual for patient a, usual for b, and the only lesion of c:

    >>> RelativeToGroup().set_output(transform="pandas").fit_transform(lesions).round(2)
       relative_diameter
    0              -0.71
    1              -0.71
    2               1.41
    3               0.00
    4               1.22
    5              -1.22
    6                NaN

    Relative and plain features side by side:

    >>> from sklearn.compose import make_column_transformer
    >>> features = make_column_transformer(
    ...     (RelativeToGroup(), ["patient_id", "diameter"]), ("passthrough", ["diameter"]))
    >>> features.fit_transform(lesions).shape
    (7, 2)
    """

    _parameter_constraints = {
        "group_column": [str, Interval(Integral, 0, None, closed="left")],
        "scale": ["boolean"],
    }

    def __init__(self, group_column="patient_id", *, scale=True):
        self.group_column = group_column
        self.scale = scale

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and the columns; nothing is learnt.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features_in)
            The patient and the features of each lesion.

        y : None
            Ignored.

        Returns
        -------
        self : RelativeToGroup
            The estimator itself.

        Raises
        ------
        ValueError
            If `X` lacks the group column or has no other column, if a patient is missing, or if a
            feature is text or infinite.

        Warns
        -----
        UserWarning
            If several rows have a patient such as "unknown".
        """
        self._take_apart(X, reset=True)
        return self

    def transform(self, X):
        """Compare each row with the rows of its group in `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features_in)
            The patient and the features of each lesion, with all lesions of a patient.

        Returns
        -------
        relative : ndarray of shape (n, n_features_in - 1), float64
            The features in their order, without the column of groups.

        Raises
        ------
        ValueError
            If columns differ from those in `fit`, if a patient is missing, or if a feature is text
            or infinite.

        Warns
        -----
        UserWarning
            If no group has a second row, or if several rows have a patient such as "unknown".
        """
        check_is_fitted(self, "n_features_in_")
        groups, values = self._take_apart(X, reset=False)
        if groups.max() == len(groups) - 1:
            warnings.warn(
                f"Each group of column {self.group_column!r} has one row, so all relative features"
                " are missing. They compare the rows of a group that are in the same call. Pass all"
                " lesions of a patient together.",
                UserWarning,
                stacklevel=3,
            )
        by_group = pd.DataFrame(values).groupby(groups)
        relative = values - by_group.transform("mean")
        if self.scale:
            relative /= by_group.transform("std", ddof=0).replace(0, 1)
        # Exactly 0, despite rounding in the mean.
        is_constant = by_group.transform("min") == by_group.transform("max")
        relative = relative.mask(is_constant, 0.0)
        is_compared = (by_group.transform("count") > 1) & ~np.isnan(values)
        return relative.where(is_compared).to_numpy()

    def get_feature_names_out(self, input_features=None):
        """Return the names of the relative features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The names of the columns, where `fit` received an array.

        Returns
        -------
        names : ndarray of shape (n_features_in - 1,), of object
            Such as "relative_diameter".
        """
        names = np.delete(super().get_feature_names_out(input_features), self._find_group_column())
        return np.array([f"relative_{name}" for name in names], dtype=object)

    def _take_apart(self, X, *, reset):
        """Return the number of each row's group, and the features."""
        is_frame = hasattr(X, "columns")
        if is_frame:  # its columns keep their types
            validate_data(self, X, reset=reset, skip_check_array=True)
        else:
            X = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
        place = self._find_group_column()
        features = [column for column in range(self.n_features_in_) if column != place]
        try:
            values = check_array(
                safe_indexing(X, features, axis=1),
                dtype=np.float64,
                ensure_all_finite="allow-nan",
                input_name="X",
            )
        except ValueError as error:
            raise ValueError(
                f"{str(error).rstrip('.')}. Expected numbers in all columns except"
                f" {self.group_column!r}. Choose the columns in a ColumnTransformer, or encode text"
                " by OneHotEncoder."
            ) from error
        name = f"groups (column {self.group_column!r} of X)"
        _, groups = number_labels(safe_indexing(X, place, axis=1), name=name)
        return groups, values

    def _find_group_column(self):
        """Return the position of the group column among those that fit received."""
        place = self.group_column
        if isinstance(place, str):
            if not hasattr(self, "feature_names_in_"):
                raise ValueError(
                    f"group_column={place!r}, but X has no column names. Expected a DataFrame."
                    " For an array, set group_column to the number of the column."
                )
            names = self.feature_names_in_.tolist()
            if place not in names:
                raise ValueError(
                    f"X has no column group_column={place!r}. It has {name_some(names)}."
                    f"{did_you_mean(place, names)} Set group_column to the column of patients."
                )
            place = names.index(place)
        elif place >= self.n_features_in_:
            raise ValueError(
                f"group_column={place}, but X has {self.n_features_in_} feature(s). Expected a"
                " smaller number."
            )
        if self.n_features_in_ == 1:
            raise ValueError(
                f"X has 1 feature(s), the group column {self.group_column!r}. Expected further"
                " columns with features to compare."
            )
        return place

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
