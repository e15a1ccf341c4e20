"""The classifier: a convolutional network that behaves as a scikit-learn estimator."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._utils.sklearn_private import HasMethods, Interval, StrOptions, fit_context
from .._utils.validation.nested_parameters import NestedParametersMixin
from .._utils.validation.rows import check_order
from ..images import ImageAugmenter, ImageLoader
from . import _training
from ._image_classifier import MostProbableClassMixin, open_images
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
from ._training.priors import (
    check_temperature,
    count_classes,
    find_factors,
    resolve_prior,
    shift,
)

MAX_SEED = 2**31 - 1


class SkinLesionClassifier(
    MostProbableClassMixin, NestedParametersMixin, FitTasksMixin, ClassifierMixin, BaseEstimator
):
    """Convolutional network for images of skin lesions.

    Fine-tune a pretrained network on image files::

        model = SkinLesionClassifier("EfficientNetLite0", random_state=0)
        model.fit(train_paths, train_labels, groups=train_lesion_ids)
        probabilities = model.predict_proba(test_paths)

    :func:`make_lesion_classifier` returns this classifier with stronger settings.

    X holds paths, which are read in batches during training, images as an array, or rows of
    flattened images. The estimator wraps a :class:`scikeras.wrappers.KerasClassifier`.

    By default it trains on all rows, and the learning rate follows a schedule over all epochs. With
    ``early_stopping=True`` it holds out a validation set, stratified by class, and keeps the
    weights of the epoch with the lowest validation loss. No group and no exact copy of an image is
    on both sides of that split.

    Parameters
    ----------
    architecture : str, ConvNet, Backbone or callable, default='cnn'
        The network. 'cnn' is a small network that is trained from scratch. The other names are
        those of a :class:`Backbone`, such as "EfficientNetLite0" or "MobileNetV2": pretrained
        networks. A name stands for a ConvNet or Backbone with its defaults. Pass the object,
        such as ``ConvNet(filters=(16, 32))``, to search its parameters as
        ``architecture__filters``. A callable ``(input_shape, n_classes) -> keras.Model`` receives
        the shape (height, width, n_channels). It returns a model that takes pixels from 0 to 255
        and ends in a softmax, which needs ``dtype="float32"`` with a half-precision policy. Each
        call must return new layers. Only frozen layers may be shared.

    optimizer : str or keras.optimizers.Optimizer, default='adam'
        A Keras optimizer by name, or an object. Each fit uses a fresh copy of the object. Set
        learning-rate schedules, weight decay and moving averages in the object. Copies forget
        ``exclude_from_weight_decay``: call it in `build` of a subclass of the optimizer. With
        ``use_ema=True`` the validation loss is that of the averaged weights, and these are kept.

    learning_rate : 'auto', float or None, default='auto'
        For an optimizer given by name. 'auto' warms up to a peak during the first 5% of all steps,
        then decays along a cosine to 1% of the peak at the last step: see Notes. A float is a
        constant rate. None is the optimizer's default, also constant.

    loss : {'crossentropy', 'focal'}, default='crossentropy'
        Categorical cross-entropy, or focal loss [1]_, which gives hard examples more weight.

    label_smoothing : float in [0, 1), default=0.0
        Share of the target probability that is spread evenly over all classes.

    class_weight : dict, 'auto', 'balanced', 'sqrt_balanced' or None, default='auto'
        Class weights in the loss, as elsewhere in scikit-learn. Those of 'balanced' make the sums
        of `sample_weight` equal for all classes, after `sampler`. 'sqrt_balanced' takes the square
        roots of the balanced weights. On HAM10000 the balanced weight of the rarest class is 58
        times that of the most frequent one, and a fine-tuned network ranks images better with the
        square roots. 'auto' means 'sqrt_balanced' in `fit`, and equal weights in `partial_fit`,
        which sees only a part of the data. A uniform `prior` removes the effect of class weights
        on the probabilities. If a dict of costs is to change predictions, set ``prior=None``.

    prior : {'training', 'uniform'}, dict, Series, array-like of shape (n_classes,) or None, \
            default='uniform'
        Prevalence of the classes where the model is used: `predict_proba` and `predict` are
        corrected for it. The default assumes equally frequent classes, as balanced accuracy does.
        For the prevalence of a clinic pass a dict or Series with the share of each class
        by name, or an array in the order of `classes_`. 'training' means `training_prior_`, the
        shares in y. None does not correct: the probabilities then assume `class_prior_`, and those
        of rare classes are too high after balancing by `sampler` or `class_weight`. Training does
        not depend on `prior`, so you can also change it after `fit`, with `set_params`. In a preset
        it is ``estimator__prior``.

    temperature : float, default=1.0
        Greater than 0. The logits of the network are divided by it, before the correction for
        `prior`. Above 1, the probabilities are less extreme: networks that are trained to the end
        of a schedule are overconfident [3]_. On held-out lesions of HAM10000, 1.2 to 1.7 was best
        for fine-tuned networks, and :func:`make_lesion_classifier` sets such a value. Like `prior`,
        it does not change training, and you can change it after `fit`. It changes the predicted
        classes unless `prior` equals `class_prior_` or is None. If it is too high, classes that
        were rare in training are predicted too often.

    epochs : int, 'auto' or 'few', default='auto'
        Number of epochs, or the maximum with `early_stopping`. 'auto' means 12 epochs for
        fine-tuning and 72 for training from scratch, and more on small datasets, up to 100: see
        Notes.
        'few' means half as many, for fast training.

    batch_size : int, default=32
        Images in each training step.

    early_stopping : bool or 'auto', default='auto'
        Whether to hold out a validation set, stop when its loss has not improved for `patience`
        epochs, and restore the best weights. 'auto' means False with the schedule of
        ``learning_rate='auto'``, which needs all epochs, and True otherwise.

    validation_fraction : float in (0, 1), default=0.1
        Share of the training data to hold out.

    patience : int, default=10
        Epochs without improvement before training stops.

    sampler : imbalanced-learn sampler, ImageSampler or AugmentingOverSampler, default=None
        Balances the training rows, after the validation set is held out. It must select rows by
        label: see :class:`ImageSampler`.

    augmenter : ImageAugmenter, 'auto' or None, default='auto'
        Augments every image anew in every training epoch, and never at prediction. 'auto' means
        ``ImageAugmenter()``. It means None for features, for images without three channels, and
        if only the head of a Backbone is trained. Features cannot be augmented.

    loader : ImageLoader, default=None
        Reads images if X holds paths, in `fit` and at prediction. None means ``ImageLoader()``,
        with 224 x 224 pixels. You can change it after `fit`.

    image_shape : int, tuple of (height, width) or (height, width, n_channels), default=None
        Shape of the flattened images in the rows of a two-dimensional X. With None, the rows are
        features, not pixels: they are standardised and treated as images with a height of 1.

    warm_start : bool, default=False
        Whether `fit` continues from the weights of the last fit, with the current parameters.
        Network and classes must be the same; dropout and `trainable` may differ. The rows that the
        last fit held out are held out again.

    callbacks : list of keras.callbacks.Callback or FitCheckpoint, default=None
        Each fit uses copies: see `callbacks_`. A :class:`FitCheckpoint` resumes a fit that was
        killed.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same initial weights, split and batches in each fit.

    verbose : {0, 1, 2}, default=0
        0 is silent. 1 shows a progress bar over the steps of all epochs, with the remaining time.
        Early stopping may end it before. The output layer of a pretrained network, which is fitted
        first, has a bar of its own. 2 prints one line for each epoch. For a search,
        scikit-learn's :class:`sklearn.callback.ProgressBar` (1.9) shows the remaining time:
        ``search.set_callbacks(ProgressBar())``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class names, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        Class shares that the last fit was trained with: those of the training rows after
        `sampler`, weighted by `class_weight` and `sample_weight`. They accumulate over calls of
        :meth:`partial_fit`.

    training_prior_ : ndarray of shape (n_classes,)
        Class shares among all rows passed to the last fit, in training and validation set. Each
        row counts once; rows of weight 0 do not count.

    n_features_in_ : int
        Number of columns of a two-dimensional X, including a column of paths, or number of pixels
        times channels.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, if X was a DataFrame.

    keras_classifier_ : scikeras.wrappers.KerasClassifier
        The wrapped classifier, which was fitted on row numbers.

    model_ : keras.Model
        The network.

    history_ : dict of list
        'loss' and 'accuracy' of each epoch, and 'val_loss' and 'val_accuracy' if there is a
        validation set. All use the weights of training: if a sampler or `class_weight` fully
        balances the classes, 'val_accuracy' is the balanced accuracy.

    n_iter_ : int
        Number of epochs that were trained.

    best_epoch_ : int
        The epoch whose weights were kept, counted from 1.

    learning_rate_ : float or None
        The constant learning rate, or the peak of the schedule. None if an optimizer object has its
        own schedule.

    epochs_ : int
        Number of epochs chosen for the last fit.

    early_stopping_ : bool
        Whether the last fit used early stopping.

    augmenter_ : ImageAugmenter or None
        The augmenter of the last fit.

    class_weight_ : ndarray of shape (n_classes,)
        The class weights of the last fit, in the order of `classes_`: 1 without `class_weight`.

    callbacks_ : list of keras.callbacks.Callback
        The copies of `callbacks` that the last fit used, with their records. A FitCheckpoint has no
        copy. Pickles and copies of the classifier leave them out, because they may hold open files.

    validation_indices_ : ndarray of int
        Rows of X that the last fit held out; empty if it held out none.

    See Also
    --------
    make_lesion_classifier : Ready-made classifiers with stronger settings.
    ImageLoader : Reads paths in a separate step.
    ImageSampler : Balances rows in a separate step.

    Notes
    -----
    `fit` requests `groups` through metadata routing by default. With
    ``sklearn.set_config(enable_metadata_routing=True)``,
    ``GridSearchCV(..., cv=StratifiedGroupKFold()).fit(X, y, groups=groups)`` passes them to the
    folds and to the inner validation split. Without routing, a search passes them only to the
    folds. A number as `cv` ignores the groups, with routing also without a warning.

    The correction for `prior` divides by the class shares in training and multiplies by the new
    ones, by Bayes' rule [2]_. It is valid if images of a class look the same in both places. It
    does not correct for focal loss, label smoothing or overconfidence: set `temperature` or
    calibrate afterwards for these. The validation loss, early stopping and `history_` are not
    corrected. The classifier cannot know about a sampler ahead of it in a pipeline: `class_prior_`
    and `training_prior_` then describe the resampled rows.

    The peak of ``learning_rate='auto'`` depends on what is trained. With Adam-like optimizers it is
    1e-4 for fine-tuning a Backbone, 2e-4 for fine-tuning an EfficientNetLite, 2e-3 from scratch,
    1e-3 for features, and 3e-4 if only the head of a Backbone is trained. With other optimizers it
    is their default rate. In `partial_fit`, and with a callback that sets the rate, the rate stays
    constant at that peak.

    The number of epochs depends on what is trained, too. On small datasets it rises until training
    has the minimum number of steps, but not above 100:

    - fine-tuning: 12 epochs and at least 600 steps with 'auto', 6 and 300 with 'few';
    - from scratch: 72 epochs and at least 1,000 steps with 'auto', 36 and 500 with 'few';
    - for features: 24 epochs and at least 1,000 steps with 'auto', 12 and 500 with 'few';
    - only the head of a Backbone: 12 epochs with 'auto', 6 with 'few'.

    With early stopping at a constant rate, 'auto' means at most 100 epochs.

    If a fit fails, the classifier stays as it was before, fitted or not.

    This is research software. It is not a medical device.

    References
    ----------
    .. [1] Lin, T.-Y. et al. "Focal Loss for Dense Object Detection." ICCV 2017.
       :doi:`10.1109/ICCV.2017.324`
    .. [2] Saerens, M., Latinne, P. and Decaestecker, C. "Adjusting the Outputs of a Classifier to
       New a Priori Probabilities." Neural Computation 14(1), 21-41 (2002).
       :doi:`10.1162/089976602753284446`
    .. [3] Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. "On Calibration of Modern Neural
       Networks." ICML 2017. https://proceedings.mlr.press/v70/guo17a.html

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

    # Requested by default: without the groups, the inner split would leak.
    __metadata_request__fit = {"groups": True}
    _changeable_after_fit = ("prior", "temperature", "loader")  # also inside wrappers

    _parameter_constraints = {
        "architecture": [str, callable],
        "optimizer": "no_validation",  # naming the alternatives needs Keras: done in fit
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither"), None],
        "loss": [StrOptions({"crossentropy", "focal"})],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"auto", "balanced", "sqrt_balanced"}), dict, None],
        "prior": [StrOptions({"training", "uniform"}), dict, "array-like", None],
        "temperature": [Interval(Real, 0, None, closed="neither")],
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
        temperature=1.0,
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
        self.temperature = temperature
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

    @fit_context(prefer_skip_nested_validation=False)  # of a sampler
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
            Weights of the rows in the loss, not negative. Only their ratios matter.

        groups : array-like of shape (n,), default=None
            Lesion or patient of each row, for the inner validation split.

        X_val : array-like of the form of X, default=None
            Your own validation set, such as the official one of an ISIC release. No rows of X are
            held out then. Its loss and accuracy are in `history_`, and early stopping, if it is on,
            uses its loss.

        y_val, sample_weight_val, groups_val : array-like of shape (n_val,), default=None
            Classes, weights and groups of the rows of `X_val`, which requires `y_val`.

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
        TypeError
            If `groups` holds text and `groups_val` numbers, or the other way round; if `optimizer`,
            `callbacks` or `architecture` is an object of another kind than expected.
        ValueError
            If X or y has an unexpected shape or content, if y has only one class, if a class has
            too few groups for the validation split, or if training diverges, so that a loss or
            weight is not finite. If X_val differs from X in its form, has other classes, or shares
            a group or an exact copy of an image with X. If X has features, but
            `augmenter` or `sampler` augments images. If two calls of `architecture` return the same
            layers, and these are not frozen.

        Warns
        -----
        ConvergenceWarning
            If training failed to learn: after at least five epochs the loss never fell, or the
            network predicts one class for all of at least ten rows of the validation set, or of the
            training set if there is no validation set. Otherwise, if early stopping at a constant
            rate did not end training before `epochs`, and the validation loss was lowest in the
            second half of the epochs.
        UserWarning
            If `warm_start` is set, and X lacks the rows that the last fit held out, or `groups`
            join them with rows that it was trained on: the new validation set may then contain
            images that the network was trained on.
        UserWarning
            If there is a validation set, and several rows have a group such as "unknown", or
            large groups make its share impossible.
        UserWarning
            If Ctrl-C interrupts training after at least one epoch. The classifier is then fitted:
            it keeps the weights of the best epoch so far, or, without `early_stopping`, the current
            ones, averaged with ``use_ema=True``. KeyboardInterrupt is still raised.
        """
        task = self._open_fit_task()  # before, or a fit that fails would leave it open
        with unchanged_on_failure(self):
            own = (X_val, y_val, sample_weight_val, groups_val)
            interrupt, trained_on = self._fit(X, y, sample_weight, groups, own, task)
        if interrupt is not None:
            warn_of_interruption(self)
            # Scripts and searches must not continue as if training were complete.
            raise interrupt
        warn_of_training(self, _training.find_only_class(self, *trained_on))
        return self

    def _fit(self, X, y, sample_weight, groups, own, task):
        goes_on = self.warm_start and hasattr(self, "keras_classifier_")
        earlier = self.keras_classifier_ if goes_on else None
        check_order(X=X, y=y, sample_weight=sample_weight, groups=groups)
        source = open_images(self, X, reset=not goes_on)
        y, sample_weight = check_targets(self, source, y, sample_weight, groups)
        rows = np.arange(len(y)) if sample_weight is None else np.flatnonzero(sample_weight)
        self.classes_ = find_classes(y[rows], self.classes_ if goes_on else None)

        rng = check_random_state(self.random_state)
        if goes_on:  # otherwise an int would give the same batches and augmentations in each fit
            rng = np.random.RandomState([rng.randint(MAX_SEED), self._n_fits])
        self._n_fits = self._n_fits + 1 if goes_on else 1
        self.early_stopping_ = stops_early(self)
        no_rows = [np.array([], dtype="S64")] * 2  # of a saved file, which lacks the split
        earlier_split = getattr(self, "_split", no_rows) if goes_on else None
        train, validation = find_validation_set(
            self, source, rows, y, sample_weight, groups, earlier_split, own, rng
        )
        held_out = self.validation_indices_ = np.setdiff1d(rows, train)
        trained = train if len(held_out) else held_out  # then any later split is a new one
        self._split = [source.digests(side) for side in (trained, held_out)]
        training = TrainingRows(
            train, y, sample_weight, self.sampler, self.class_weight, self.classes_, rng
        )
        self._count_classes(y, rows, training, unit=training.mean_sample_weight)
        self._correction()  # find a wrong `prior` or `temperature` before hours of training
        seed = rng.randint(MAX_SEED)

        self.keras_classifier_ = _training.build_keras_classifier(
            self, source, train, earlier, n_counted=training.n_counted
        )
        interrupt = _training.train_epochs(
            self, source, y, training, validation, seed, task, earlier=earlier
        )
        return interrupt, (source, y, training, validation)

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on all given rows, starting from the current weights.

        Parameters that have changed since the last call apply as with `warm_start`. If none have,
        the optimizer keeps its state, except after a `fit` with ``learning_rate='auto'``: the
        number of later calls is unknown, so the rate is constant instead of scheduled. With
        ``use_ema=True`` each call ends with the averaged weights, and the next one continues from
        them. No rows are held out. `sampler` and ``class_weight='balanced'`` would need the classes
        of future data: resample or weight the rows before each call. Features are standardised with
        the rows of the first call: those that are constant in it are ignored from then on, and a
        warning names those that vary later.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`fit`.

        y : array-like of shape (n,)
            Class names.

        classes : array-like of shape (n_classes,), default=None
            All classes; needed in the first call if y lacks some.

        sample_weight : array-like of shape (n,), default=None
            Weights of the rows in the loss, not negative. Here their size matters, too, because
            each call adds to the calls before.

        Returns
        -------
        self : SkinLesionClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If y has classes that were not announced, if `sampler` or a balanced `class_weight` is
            set, or if training diverges.
        """
        self._validate_params()  # scikit-learn does so in the first call alone
        if self.sampler is not None or self.class_weight in ("balanced", "sqrt_balanced"):
            raise ValueError(
                "partial_fit cannot balance classes, because it sees only a part of the data. Found"
                f" sampler={self.sampler!r}, class_weight={self.class_weight!r}. Set them to None,"
                " then resample the rows before, or pass sample_weight."
            )
        check_order(X=X, y=y, sample_weight=sample_weight)
        with unchanged_on_failure(self):
            self._partial_fit(X, y, classes, sample_weight)
        return self

    def _partial_fit(self, X, y, classes, sample_weight):
        is_first = not hasattr(self, "keras_classifier_")
        source = open_images(self, X, reset=is_first)
        y, sample_weight = check_targets(self, source, y, sample_weight)
        self.classes_ = find_announced_classes(y, classes, None if is_first else self.classes_)
        self.validation_indices_ = np.array([], dtype=int)
        self._split = [np.array([], dtype="S64")] * 2
        self._n_fits = getattr(self, "_n_fits", 0) + 1
        rng = check_random_state(self.random_state)
        rows = np.arange(len(y))
        weight = None if self.class_weight == "auto" else self.class_weight
        training = TrainingRows(rows, y, sample_weight, None, weight, self.classes_, rng)
        given = rows if sample_weight is None else np.flatnonzero(sample_weight)
        self._count_classes(y, given, training, 0 if is_first else self._class_counts)
        check_temperature(self.temperature)
        if self.prior is not None:  # a class without rows so far is no error before prediction
            resolve_prior(self.prior, self.classes_, self.training_prior_)

        earlier = None if is_first else self.keras_classifier_
        self.early_stopping_ = False
        self.keras_classifier_ = _training.build_keras_classifier(self, source, given, earlier)
        seed = rng.randint(MAX_SEED)
        _training.train_one_epoch(self, source, y, training, seed, earlier=earlier)

    def _count_classes(self, y, given, training, earlier=0, unit=1.0):
        as_given = count_classes(y[given], self.classes_)
        as_trained = count_classes(y[training.rows], self.classes_, training.weight) / unit
        self._class_counts = np.stack([as_given, as_trained]) + earlier
        shares = self._class_counts / self._class_counts.sum(axis=1, keepdims=True)
        self.training_prior_, self.class_prior_ = shares
        self.class_weight_ = training.class_weight

    def _correction(self):
        """Return what `shift` takes: the factors for `prior`, or None, and the temperature."""
        return self._prior_factors(), check_temperature(self.temperature)

    def _prior_factors(self):
        return find_factors(self.prior, self.classes_, self.class_prior_, self.training_prior_)

    def predict_proba(self, X):
        """Return the probability of each class, corrected for `temperature` and `prior`.

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
            If the network does not end in a softmax: a row of its output has negative values, or
            its sum differs from 1 by more than 0.01. If `prior` lacks a class, names unknown
            classes, or has shares that are not positive or do not sum to 1. If `temperature` is not
            a finite number above 0.
        """
        check_is_fitted(self)
        correction = self._correction()
        probabilities = _training.predict_in_batches(self, open_images(self, X))
        check_sums(probabilities)
        return shift(probabilities, *correction)

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("callbacks_", None)
        return state
