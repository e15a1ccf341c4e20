"""The classes of estimators that a model file may contain."""

from importlib import import_module

from sklearn.base import BaseEstimator

# They predict with NumPy only. Trees, neighbours and support vector machines use compiled code,
# which trusts arrays with positions in memory, and a file could contain any positions.
_OF_OTHERS = {
    "imblearn.pipeline": "Pipeline",
    "sklearn.calibration": (
        "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration _TemperatureScaling"
    ),
    "sklearn.compose": "ColumnTransformer",
    "sklearn.decomposition": "PCA TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier",
    "sklearn.ensemble": "VotingClassifier",
    "sklearn.feature_selection": "VarianceThreshold",
    "sklearn.frozen": "FrozenEstimator",
    "sklearn.impute": "MissingIndicator SimpleImputer",
    "sklearn.linear_model": (
        "LogisticRegression LogisticRegressionCV Perceptron RidgeClassifier RidgeClassifierCV"
        " SGDClassifier"
    ),
    "sklearn.multiclass": "OneVsRestClassifier",
    "sklearn.naive_bayes": "BernoulliNB ComplementNB GaussianNB MultinomialNB",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing": (
        "Binarizer FunctionTransformer KBinsDiscretizer LabelBinarizer LabelEncoder MaxAbsScaler"
        " MinMaxScaler Normalizer OneHotEncoder OrdinalEncoder PowerTransformer"
        " QuantileTransformer RobustScaler StandardScaler"
    ),
    "sklearn.svm": "LinearSVC",
}
_OURS = (
    "AveragedClassifier Backbone BorderCropper ColorConstancy ConformalClassifier ConvNet"
    " HairRemover ImageEmbedder ImageLoader OperatingPointClassifier PriorCorrectedClassifier"
    " RelativeToGroup SkinLesionClassifier TestTimeAugmentation"
)
# They have no effect at prediction: only their parameters are saved.
_FOR_TRAINING = {
    "imblearn.over_sampling": "ADASYN BorderlineSMOTE RandomOverSampler SMOTE SMOTENC SVMSMOTE",
    "imblearn.under_sampling": "NearMiss RandomUnderSampler TomekLinks",
    "skin_lesion.images": "ImageAugmenter",
    "skin_lesion.sampling": "AugmentingOverSampler ImageSampler",
}


def _name_classes(modules):
    return {
        f"{module}.{name}": (module, name)
        for module, names in modules.items()
        for name in names.split()
    }


_UNFITTED = _name_classes(_FOR_TRAINING)
_UNSAVED = {"skin_lesion.models._networks.unsaved": "UnsavedArchitecture"}
_CLASSES = {**_name_classes({**_OF_OTHERS, "skin_lesion": _OURS, **_UNSAVED}), **_UNFITTED}


def name_class(obj):
    """Return the name under which the class of an object may be saved, or None."""
    parts = type(obj).__module__.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join([*parts[:length], type(obj).__name__])
        if name in _CLASSES and find_class(name) is type(obj):
            return name
    return None


def find_class(name):
    """Return the class of a name, if it is listed here."""
    if name not in _CLASSES:
        raise ValueError(f"it names {name!r}, which is not a class that a model file may contain")
    module, attribute = _CLASSES[name]
    return getattr(import_module(module), attribute)


def keeps_only_parameters(name):
    """Return whether only the parameters of objects of this class are saved."""
    return name in _UNFITTED


def is_estimator(obj):
    """Return whether an object is an estimator, or a listed part of one."""
    return isinstance(obj, BaseEstimator) or name_class(obj) is not None
