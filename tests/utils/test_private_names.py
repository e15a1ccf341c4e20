"""Each private part of another library that is used, by its name: a new release may move it."""

from importlib import import_module

import keras
import pytest
import sklearn
from imblearn.over_sampling.base import BaseOverSampler
from scikeras.wrappers import KerasClassifier
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.preprocessing import OneHotEncoder

from skin_lesion._utils import sklearn_private
from skin_lesion._utils.private_names import private_name
from skin_lesion.models._backend import keras_private, tensorflow_private
from skin_lesion.models._training import keras_wrapper
from skin_lesion.sampling import _imblearn_private

OF_SKLEARN = {
    "sklearn.utils._param_validation": (
        "HasMethods Interval InvalidParameterError StrOptions validate_params"
    ),
    "sklearn.base": "_fit_context",
    "sklearn.utils.validation": "_check_feature_names _check_sample_weight _check_y _num_samples",
    "sklearn.utils": "_safe_indexing",
    "sklearn.metrics._scorer": "_BaseScorer",
    "sklearn.model_selection._search": "BaseSearchCV",
    # Parts of fitted estimators, which a saved model names.
    "sklearn.calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
}
OF_KERAS = {
    **keras_private.CLASSES_IN_FILES,
    "keras.src.random.seed_generator": "make_default_seed python_random",
    "keras.src.saving.object_registration": "GLOBAL_CUSTOM_NAMES GLOBAL_CUSTOM_OBJECTS",
    "keras.src.utils.file_utils": "urlretrieve",
    **{
        getattr(keras.applications, name).__module__: "preprocess_input"
        for name in ("MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "ResNet50")
    },
}
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the backend is another"
)


def names_of(distribution, modules):
    return [
        (distribution, module, name) for module, names in modules.items() for name in names.split()
    ]


@pytest.mark.parametrize(
    ("distribution", "owner", "name"),
    [
        *names_of("scikit-learn", OF_SKLEARN),
        ("scikit-learn", BaseEstimator, "_validate_params"),
        ("scikit-learn", BaseEstimator, "_doc_link_module"),
        ("scikit-learn", BaseEstimator, "_doc_link_template"),
        *[
            ("scikit-learn", make_scorer(accuracy_score), name)
            for name in ("_score_func", "_sign", "_kwargs", "_response_method")
        ],
        ("imbalanced-learn", "imblearn.over_sampling.base", "BaseOverSampler"),
        ("imbalanced-learn", BaseOverSampler, "_check_X_y"),
        ("imbalanced-learn", BaseOverSampler, "_fit_resample"),
        ("imbalanced-learn", BaseOverSampler, "_parameter_constraints"),
        *names_of("keras", OF_KERAS),
        pytest.param(
            "keras", keras.optimizers.Optimizer, "_all_reduce_sum_gradients", marks=on_tensorflow
        ),
        pytest.param(
            "tensorflow", "tensorflow.python.eager.context", "context", marks=on_tensorflow
        ),
        ("keras", keras.callbacks.SwapEMAWeights, "_finalize_ema_values"),
        ("scikeras", KerasClassifier, "_fit_keras_model"),
        ("scikeras", KerasClassifier, "_initialize_callbacks"),
    ],
)
def test_private_name_is_there(distribution, owner, name):
    private_name(distribution, owner, name)  # says what is missing, and in which version


@on_tensorflow
def test_lists_that_tensorflow_keeps_are_where_they_were():
    import tensorflow as tf

    tensorflow_private._check_python_functions.cache_clear()
    graph = tf.Graph()
    assert tensorflow_private.python_functions_of(graph) == []
    with graph.as_default():
        tf.numpy_function(lambda: 0.0, [], tf.float64)
    assert len(tensorflow_private.python_functions_of(graph)) == 1
    tensorflow_private.clear_kernel_cache()


def test_keras_draws_default_seeds_from_what_it_is_given():
    class Sevens:
        def randint(self, low, high):
            return 7

    module = import_module(keras_private._SEEDS)
    before = module.python_random
    try:
        keras_private.draw_default_seeds_from(Sevens())
        states = [
            keras.random.SeedGenerator().state,
            keras.layers.Dropout(0.5).seed_generator.state,
        ]
        assert [int(keras.ops.convert_to_numpy(state)[0]) for state in states] == [7, 7]
    finally:
        module.python_random = before


def test_scikeras_keeps_callbacks_where_it_did():
    classifier = KerasClassifier(model=lambda: None)
    classifier._initialize_callbacks()
    assert set(keras_wrapper._CALLBACKS) <= set(vars(classifier))


def test_scikit_learn_keeps_metadata_requests_and_columns_where_it_did():
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = LogisticRegression().set_fit_request(sample_weight=True)
    assert sklearn_private.METADATA_REQUEST in vars(classifier)
    encoder = OneHotEncoder(drop="first", min_frequency=2).fit([["a"], ["a"], ["b"], ["b"], ["c"]])
    widths, dropped, infrequent, mappings = sklearn_private.one_hot_columns(encoder)
    assert (widths, dropped.tolist()) == ([2], [0])
    assert infrequent[0].tolist() == [2]
    assert mappings[0].tolist() == [0, 1, 2]


# Names that are gone


@pytest.mark.parametrize(
    ("owner", "name", "message"),
    [
        ("sklearn.base", "_gone", "sklearn.base._gone"),
        ("sklearn.gone", "name", "sklearn.gone.name"),
        (BaseEstimator, "_gone", "sklearn.base.BaseEstimator._gone"),
        (BaseEstimator(), "_gone", "sklearn.base.BaseEstimator._gone"),
    ],
)
def test_missing_name(owner, name, message):
    with pytest.raises(ImportError) as error:
        private_name("scikit-learn", owner, name)
    assert str(error.value) == (
        f"scikit-learn {sklearn.__version__} has no {message}, which skin_lesion needs. Install an"
        " older scikit-learn, or a newer skin_lesion."
    )


def test_missing_names_of_keras_and_tensorflow_are_no_silent_no_ops(monkeypatch):
    with pytest.raises(ImportError, match=r"keras \S+ has no .*\._all_reduce_sum_gradients, which"):
        keras_private.skip_gradient_sum(object())
    monkeypatch.delattr(import_module(keras_private._SEEDS), "python_random")
    with pytest.raises(ImportError, match=r"keras \S+ has no .*seed_generator\.python_random"):
        keras_private.draw_default_seeds_from(None)


@on_tensorflow
def test_another_list_in_tensorflow_is_no_silent_no_op(monkeypatch):
    import tensorflow as tf

    tensorflow_private._check_python_functions.cache_clear()
    monkeypatch.setattr(tensorflow_private, "_PY_FUNCTIONS", "_gone")
    with pytest.raises(ImportError, match=r"tensorflow \S+ has no Graph\._gone, which"):
        tensorflow_private.python_functions_of(tf.Graph())


def test_name_of_imbalanced_learn_is_the_one_that_is_there():
    assert _imblearn_private.BaseOverSampler is BaseOverSampler
