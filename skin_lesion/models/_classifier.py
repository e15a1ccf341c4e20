"""The classifier: a convolutional network with scikit-learn's behaviour."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._utils.sklearn_private import HasMethods, Interval, StrOptions, fit_context
from ..images import ImageAugmenter, ImageLoader
from . import _training
from ._image_classifier import MostProbableClassMixin, open_images
from ._nested_parameters import check_owners
from ._networks.probabilities import check_sums
from ._training._course.fit_tasks import FitTasksMixin
from ._training._course.recipe import stops_early
from ._training._course.unfinished import (
    unchanged_on_failure,
    warn_of_interruption,
    warn_of_training,
)
from ._training._rows.training_rows import (
    TrainingRows,
    check_targets,
    find_announced_classes,
    find_classes,
)
from ._training._rows.validation_set import find_validation_set
from ._training.priors import count_classes, find_factors, shift

MAX_SEED = 2**31 - 1


class SkinLesionClassifier(MostProbableClassMixin, FitTasksMixin, ClassifierMixin, BaseEstimator):
    """Convolutional network for images of skin lesions.

    It takes images as paths, which are read in batches while it trains, as arrays, or as rows of
    flattened images, and wraps a :class:`scikeras.wrappers.KerasClassifier` in an estimator that
    behaves as scikit-learn's do.

    By default the learning rate follows a schedule whose end `fit` counts, and all rows are trained
    on. With ``early_stopping=True`` it holds out rows of its training data, by class and by group,
    and keeps the weights of the epoch with the lowest loss on them. No group and no exact copy of
    an image is on both sides of that split.

    Parameters
    ----------
    architecture : {'cnn'}, name in keras.applications, ConvNet, Backbone or callable, default='cnn'
        The network. A name stands for a ConvNet or Backbone with its defaults; pass the object,
        such as ``ConvNet(filters=(16, 32))``, to search its parameters as
        ``architecture__filters``. A callable ``(input_shape, n_classes) -> keras.Model`` is given
        the shape (height, width, n_channels) and returns a model that takes pixels from 0 to 255
        and ends in a softmax.

    optimizer : str or keras.optimizers.Optimizer, default='adam'
        A Keras optimizer by name, or an object, of which each fit takes a fresh copy.
        Learning-rate schedules, weight decay and moving averages belong to the object.

    learning_rate : 'auto', float or None, default='auto'
        For an optimizer given by name. 'auto' rises to a peak during the first 5% of all steps, and
        falls to 1% of it at the last one, along a cosine: see Notes. A float is a constant rate,
        and None the optimizer's own default, constant too.

    loss : {'crossentropy', 'focal'}, default='crossentropy'
        Categorical cross-entropy, or focal loss [1]_, which weighs hard examples up.

    label_smoothing : float in [0, 1), default=0.0
        Share of the target that is spread over all classes.

    class_weight : dict, 'auto', 'balanced', 'sqrt_balanced' or None, default='auto'
        Weights of the classes in the loss, as elsewhere in scikit-learn; computed after `sampler`.
        'sqrt_balanced' takes the square roots of the balanced ones: on HAM10000, whose rarest class
        weighs 58 times the most frequent one when balanced, a fine-tuned network ranks better so.
        'auto' is the same in `fit`; in `partial_fit`, which sees a part of the data, it weighs all
        classes alike. A uniform `prior` undoes what weights do to the probabilities: to have a dict
        of costs move predictions, set ``prior=None``.

    prior : {'training', 'uniform'}, dict, Series, array-like of shape (n_classes,) or None, \
            default='uniform'
        How frequent the classes are where `predict_proba` and `predict` are used. By default
        probabilities answer for classes that are equally frequent, which balanced accuracy asks
        for, and not for those of a clinic: for these pass a dict or Series with the share of each
        class by name, or an array in the order of `classes_`. 'training' stands for
        `training_prior_`, the shares in y. None leaves probabilities as trained: for
        `class_prior_`, where rare classes are too probable after balancing by `sampler` or
        `class_weight`. Training does not depend on `prior`: set it after `fit` by `set_params`,
        too.

    epochs : int, 'auto' or 'few', default='auto'
        Epochs to train, or the most of them with `early_stopping`. 'auto' takes 12 to fine-tune
        weights that were loaded and 24 from scratch, and more for small sets, up to 100: see Notes.
        'few' takes half as many, for training that is to be fast.

    batch_size : int, default=32
        Images a step.

    early_stopping : bool or 'auto', default='auto'
        Whether to hold out a validation set, stop when its loss has not improved for `patience`
        epochs, and restore the best weights. 'auto' does not where the rate follows the schedule of
        ``learning_rate='auto'``: such training is to be run to its end.

    validation_fraction : float in (0, 1), default=0.1
        Share of the training data to hold out.

    patience : int, default=10
        Epochs without improvement before training stops.

    sampler : imbalanced-learn sampler, ImageSampler or AugmentingOverSampler, default=None
        Balances the rows that are trained on, after the validation set was held out. A sampler
        must choose rows by label: see :class:`ImageSampler`.

    augmenter : ImageAugmenter, 'auto' or None, default='auto'
        Varies every image anew in every epoch of training; never at predict. 'auto' stands for
        ``ImageAugmenter()``, but for None where it is of no use: for features, for images that have
        not three channels, and where only the head of a Backbone is trained.

    loader : ImageLoader, default=None
        Reads images where X holds paths. None stands for ``ImageLoader()``, with its 224 pixels.

    image_shape : int, tuple of (height, width) or (height, width, n_channels), default=None
        Shape of the images that the rows of a two-dimensional X hold, flattened. With None, such
        rows are features, not pixels: they are standardised and read as images of one row.

    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last one, with the parameters that are set
        now. Network and classes must be the same; dropout and what is trained may differ. What the
        last fit held out is held out again.

    callbacks : list of keras.callbacks.Callback or FitCheckpoint, default=None
        Each fit uses copies: see `callbacks_`. With a :class:`FitCheckpoint` a fit that was killed
        goes on.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same weights, splits and batches at each fit.

    verbose : {0, 1, 2}, default=0
        Silent, a progress bar over the steps of all epochs, which tells when training will end, or
        a line an epoch. A search shows when it will end with scikit-learn's
        :class:`sklearn.callback.ProgressBar` (1.9): ``search.set_callbacks(ProgressBar())``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class names, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        Shares of the classes that the last fit was trained for: of the rows that are trained on,
        after `sampler`, times `class_weight` and `sample_weight`. With :meth:`partial_fit` they
        add up over its calls.

    training_prior_ : ndarray of shape (n_classes,)
        Shares of the classes among the rows that the last fit was given, whether they are trained
        on or held out, each counting once. Rows of weight 0 do not count.

    n_features_in_ : int
        Number of columns of a two-dimensional X, the column of paths included, or of pixels times
        channels.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where X was a DataFrame.

    keras_classifier_ : scikeras.wrappers.KerasClassifier
        What was trained, on row numbers.

    model_ : keras.Model
        The network.

    history_ : dict of list
        'loss' and 'accuracy' of each epoch, and 'val_loss' and 'val_accuracy' where there is a
        validation set. All are weighted as training is: with classes that a sampler or
        `class_weight` balances, 'val_accuracy' is the balanced accuracy.

    n_iter_ : int
        Epochs trained.

    best_epoch_ : int
        The epoch whose weights were kept, counted from 1.

    learning_rate_ : float or None
        The constant learning rate, or the peak of the schedule. None where an optimizer object has
        a schedule of its own.

    epochs_ : int
        Epochs to train, as chosen for the last fit.

    early_stopping_ : bool
        Whether the last fit would end where the validation loss is lowest.

    augmenter_ : ImageAugmenter or None
        What varied the images in the last fit.

    callbacks_ : list of keras.callbacks.Callback
        The copies of `callbacks` that the last fit has used, with what they have recorded. A
        FitCheckpoint has none. They are not pickled or copied along: they may hold open files.

    validation_indices_ : ndarray of int
        Rows of X that the last fit held out; empty where it held out none.

    See Also
    --------
    ImageLoader : Reads paths in a step of its own.
    ImageSampler : Balances rows in a step of its own.

    Notes
    -----
    `groups` are requested by `fit` through metadata routing from the start: with
    ``sklearn.set_config(enable_metadata_routing=True)``,
    ``GridSearchCV(..., cv=StratifiedGroupKFold()).fit(X, y, groups=groups)`` hands them to the
    folds and to the inner validation split. With routing off a search gives them to the folds only.

    `prior` divides by the shares in training and multiplies by others, by Bayes' rule [2]_. It
    holds where images of a class look the same in both places. It does not undo focal loss, label
    smoothing or overconfidence: calibrate for these, after it. The validation loss, early stopping
    and `history_` are as trained. A sampler ahead of the classifier in a pipeline cannot be known:
    both attributes are of the rows that it hands on.

    Of ``learning_rate='auto'`` the peak depends on what is trained. With an Adam-like optimizer it
    is 1e-4 for a Backbone whose loaded weights are trained, 2e-4 for an EfficientNetLite, 2e-3 from
    scratch, 1e-3 for features, and 3e-4 for the head of a Backbone alone; with other optimizers it
    is their own default. The rate is constant, at that peak, in `partial_fit` and where a callback
    sets it.

    ``epochs='auto'`` counts as many epochs as are 600 steps with loaded weights, and 1,000 from
    scratch, where these are more than 12 or 24; for the head of a Backbone alone it is 12. It is
    100 where early stopping ends training at a constant rate. ``epochs='few'`` counts as many as
    are 400 steps with loaded weights, and 667 from scratch, where these are more than 6 or 12; for
    the head alone it is 6. `epochs_` is the number.

    A fit that fails leaves the classifier as it was before, fitted or not.

    This is research software. It is not a medical device.

    References
    ----------
    .. [1] Lin, T.-Y. et al. "Focal Loss for Dense Object Detection." ICCV 2017.
       :doi:`10.1109/ICCV.2017.324`
    .. [2] Saerens, M., Latinne, P. and Decaestecker, C. "Adjusting the Outputs of a Classifier to
       New a Priori Probabilities." Neural Computation 14(1), 21-41 (2002).
       :doi:`10.1162/089976602753284446`

    Examples
    --------
    >>> from skin_lesion import ConvNet, SkinLesionClassifier, make_lesion_images
    >>> lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
    >>> classifier = SkinLesionClassifier(
    ...     ConvNet(filters=(8, 16)), epochs=2, early_stopping=False, random_state=0
    ... )
    >>> classifier.fit(lesions.images, lesions.target)
    SkinLesionClassifier(architecture=ConvNet(filters=(8, 16)),
                         early_stopping=False, epochs=2, random_state=0)
    >>> classifier.predict_proba(lesions.images[:1]).shape
    (1, 2)
    """

    # Requested by default: an inner split that does not know the groups leaks.
    __metadata_request__fit = {"groups": True}

    _parameter_constraints = {
        "architecture": [str, callable],
        "optimizer": "no_validation",  # naming the alternatives needs Keras: done in fit
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither"), None],
        "loss": [StrOptions({"crossentropy", "focal"})],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"auto", "balanced", "sqrt_balanced"}), dict, None],
        "prior": [StrOptions({"training", "uniform"}), dict, "array-like", None],
        "epochs": [StrOptions({"auto", "few"}), Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": [StrOptions({"auto"}), "boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "sampler": [HasMethods("fit_resample"), None],
        "augmenter": [StrOptions({"auto"}), ImageAugmenter, None],
        "loader": [ImageLoader, None],
        "image_shape": [Integral, tuple, list, None],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "random_state": ["random_state"],
        "verbose": [Interval(Integral, 0, 2, closed="both"), "boolean"],
    }

    def __init__(
        self,
        architecture="cnn",
        *,
        optimizer="adam",
        learning_rate="auto",
        loss="crossentropy",
        label_smoothing=0.0,
        class_weight="auto",
        prior="uniform",
        epochs="auto",
        batch_size=32,
        early_stopping="auto",
        validation_fraction=0.1,
        patience=10,
        sampler=None,
        augmenter="auto",
        loader=None,
        image_shape=None,
        warm_start=False,
        callbacks=None,
        random_state=None,
        verbose=0,
    ):
        self.architecture = architecture
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.prior = prior
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.sampler = sampler
        self.augmenter = augmenter
        self.loader = loader
        self.image_shape = image_shape
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        groups=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups_val=None,
    ):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            Paths as `str` or `pathlib.Path`, pixels from 0 to 255, or rows: see `image_shape`.

        y : array-like of shape (n,)
            Class names.

        sample_weight : array-like of shape (n,), default=None
            Weights of the rows in the loss, not negative.

        groups : array-like of shape (n,), default=None
            Lesion or patient of each row, for the inner validation split.

        X_val : array-like of the form of X, default=None
            A validation set of your own, such as the official one of an ISIC release. Then nothing
            of X is held out. Its loss and accuracy are in `history_`, and early stopping, where it
            is on, goes by them.

        y_val, sample_weight_val, groups_val : array-like of shape (n_val,), default=None
            Classes, weights and groups of its rows. `y_val` comes with `X_val`.

        Returns
        -------
        self : SkinLesionClassifier
            The estimator itself.

        Raises
        ------
        FileNotFoundError
            If paths do not exist.
        KeyboardInterrupt
            If training is interrupted: see below.
        ValueError
            If X or y has an unexpected shape or content, if y has one class only, if a class has
            too few groups for the validation split, or if training diverges: a loss, or a weight,
            is not finite. If X_val is of another form than X, has other classes, or shares a group
            or an exact copy of an image with it.

        Warns
        -----
        ConvergenceWarning
            If training came to nothing: after five epochs or more the loss never fell, or the
            network takes all rows (ten or more) for one class: those of the validation set, or
            where there is none, those it was trained on. Else if early stopping did not end
            training at a constant rate before `epochs`, and the validation loss was lowest in their
            later half.
        UserWarning
            If X lacks what the last fit held out, with `warm_start`: images that were trained on
            may then be held out.
        UserWarning
            If Ctrl-C interrupts training after at least one epoch. The classifier is fitted: it
            keeps the weights of the best epoch so far, or, without `early_stopping`, those it has
            come to. KeyboardInterrupt is raised all the same.
        """
        task = self._open_fit_task()  # before, or a fit that fails would leave it open
        with unchanged_on_failure(self):
            own = (X_val, y_val, sample_weight_val, groups_val)
            interrupt, found = self._fit(X, y, sample_weight, groups, own, task)
        if interrupt is not None:
            warn_of_interruption(self.n_iter_, self.best_epoch_, self.epochs_)
            # A script must not go on, nor a search, as if this were what was asked for.
            raise interrupt
        warn_of_training(self, **found)
        return self

    def _fit(self, X, y, sample_weight, groups, own, task):
        goes_on = self.warm_start and hasattr(self, "keras_classifier_")
        earlier = self.keras_classifier_ if goes_on else None
        source = open_images(self, X, reset=not goes_on)
        y, sample_weight = check_targets(self, source, y, sample_weight, groups)
        rows = np.arange(len(y)) if sample_weight is None else np.flatnonzero(sample_weight)
        self.classes_ = find_classes(y[rows], self.classes_ if goes_on else None)

        rng = check_random_state(self.random_state)
        if goes_on:  # otherwise an int gives the same batches and variants in each fit
            rng = np.random.RandomState([rng.randint(MAX_SEED), self._n_fits])
        self._n_fits = self._n_fits + 1 if goes_on else 1
        self.early_stopping_ = stops_early(self)
        held_out = self._held_out if goes_on else None
        train, validation = find_validation_set(
            self, source, rows, y, sample_weight, groups, held_out, own, rng
        )
        self.validation_indices_ = np.setdiff1d(rows, train)
        self._held_out = source.digests(self.validation_indices_)
        training = TrainingRows(
            train, y, sample_weight, self.sampler, self.class_weight, self.classes_, rng
        )
        self._count_classes(y, rows, training)
        seed = rng.randint(MAX_SEED)

        self.keras_classifier_ = _training.build_keras_classifier(
            self, source, train, earlier, n_counted=training.n_counted
        )
        interrupt = _training.train_epochs(
            self, source, y, training, validation, seed, task, earlier=earlier
        )
        found = {}
        if interrupt is None:
            found["network"] = _training.resolve_architecture(self.architecture)
            found["only_class"] = _training.find_only_class(self, source, y, training, validation)
            found["goes_on"] = goes_on
        return interrupt, found

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on all rows given, going on from the present weights.

        Parameters that were set since count as with `warm_start`; where none were, the optimizer
        goes on, too, but after a `fit` with ``learning_rate='auto'``: no schedule knows the calls
        to come, and the rate is constant. Nothing is held out, and neither `sampler` nor
        ``class_weight='balanced'`` can know the classes of data to come: resample or weigh the rows
        before.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`fit`.

        y : array-like of shape (n,)
            Class names.

        classes : array-like of shape (n_classes,), default=None
            All classes; needed at the first call where y lacks some.

        sample_weight : array-like of shape (n,), default=None
            Weights of the rows in the loss, not negative.

        Returns
        -------
        self : SkinLesionClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If y has classes that were not announced, with `sampler` or weights of the classes that
            follow from their shares, or if training diverges.
        """
        if self.sampler is not None or self.class_weight in ("balanced", "sqrt_balanced"):
            raise ValueError(
                "partial_fit cannot balance classes: it sees a part of the data. Found"
                f" sampler={self.sampler!r}, class_weight={self.class_weight!r}. Set them to None,"
                " and resample before or pass sample_weight."
            )
        with unchanged_on_failure(self):
            self._partial_fit(X, y, classes, sample_weight)
        return self

    def _partial_fit(self, X, y, classes, sample_weight):
        is_first = not hasattr(self, "keras_classifier_")
        source = open_images(self, X, reset=is_first)
        y, sample_weight = check_targets(self, source, y, sample_weight)
        self.classes_ = find_announced_classes(y, classes, None if is_first else self.classes_)
        self.validation_indices_ = np.array([], dtype=int)
        self._held_out = np.array([], dtype="S64")
        self._n_fits = getattr(self, "_n_fits", 0) + 1
        rng = check_random_state(self.random_state)
        rows = np.arange(len(y))
        weight = None if self.class_weight == "auto" else self.class_weight
        training = TrainingRows(rows, y, sample_weight, None, weight, self.classes_, rng)
        given = rows if sample_weight is None else np.flatnonzero(sample_weight)
        self._count_classes(y, given, training, 0 if is_first else self._class_counts)

        earlier = None if is_first else self.keras_classifier_
        self.early_stopping_ = False
        self.keras_classifier_ = _training.build_keras_classifier(self, source, rows, earlier)
        seed = rng.randint(MAX_SEED)
        _training.train_one_epoch(self, source, y, training, seed, earlier=earlier)

    def _count_classes(self, y, given, training, earlier=0):
        as_given = count_classes(y[given], self.classes_)
        as_trained = count_classes(y[training.rows], self.classes_, training.weight)
        self._class_counts = np.stack([as_given, as_trained]) + earlier
        shares = self._class_counts / self._class_counts.sum(axis=1, keepdims=True)
        self.training_prior_, self.class_prior_ = shares
        self._prior_factors()  # a wrong `prior` shall not show after hours of training

    def _prior_factors(self):
        """Return what the probabilities of the network are multiplied by for `prior`, or None."""
        return find_factors(self.prior, self.classes_, self.class_prior_, self.training_prior_)

    def predict_proba(self, X):
        """Return the probability of each class, for the shares of the classes that `prior` says.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            Paths or images of the shape that was fitted.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows sum to 1; columns are in the order of `classes_`.

        Raises
        ------
        ValueError
            If a row of the network's output is negative somewhere, or its sum is off by more than
            0.01: the network does not end in a softmax. If `prior` lacks a class, names others, or
            has shares that are not positive or do not sum to 1.
        """
        check_is_fitted(self)
        factors = self._prior_factors()
        probabilities = _training.predict_in_batches(self, open_images(self, X))
        check_sums(probabilities)
        return shift(probabilities, factors)

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("callbacks_", None)
        return state

    def set_params(self, **params):
        """Set parameters; those of an object as ``architecture__filters`` and so on.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : SkinLesionClassifier
            The estimator itself.
        """
        check_owners(self, params)
        return super().set_params(**params)
