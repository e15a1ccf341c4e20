"""scikit-learn's own checks, on rows of features."""

import keras
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from skin_lesion import SkinLesionClassifier

EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "A row of weight 2 is not the row twice: batches differ, and so do the steps of training;"
        " each row counts once for the scale of features; and exact copies stay on one side of the"
        " validation split."
    ),
}


# Those of many fits, which `make test` leaves out, each with what fails in it if such a check does.
SLOW_CHECKS = {
    "check_classifier_data_not_an_array()": "check_sample_weights_not_an_array",
    "check_classifiers_classes()": "test_classifier: names of classes, test_save_model: numbers",
    "check_classifiers_train()": "the same on a memory map that cannot be written to",
    "check_classifiers_train(readonly_memmap=True,X_dtype=float32)": "the same of float64",
    "check_estimators_pickle()": "the same from a memory map that cannot be written to",
    "check_fit_idempotent()": "test_classifier: objects serve several fits",
    "check_fit_score_takes_y()": "any call of fit and of score",
    "check_methods_subset_invariance()": "test_computed_once: a row is predicted alike",
}


def name_of(check):
    """Return the name of a check and its arguments, as scikit-learn writes them."""
    arguments = ",".join(
        f"{name}={getattr(value, '__name__', value)}" for name, value in check.keywords.items()
    )
    return f"{check.func.__name__}({arguments})"


class Linear:
    """Build a network of one layer: the checks ask for what holds whatever is trained."""

    def __repr__(self):  # names of tests must be the same in each process
        return "Linear()"

    def __call__(self, input_shape, n_classes):
        layers = keras.layers
        pixels = [keras.Input(input_shape), layers.Rescaling(1 / 64, -2), layers.Flatten()]
        small = keras.initializers.RandomNormal(stddev=0.05)  # class weights outweigh it at once
        output = layers.Dense(n_classes, activation="softmax", kernel_initializer=small)
        return keras.Sequential([*pixels, output])


def make_classifier():
    # One check asks that class weights alone move predictions, which a uniform prior undoes.
    return SkinLesionClassifier(
        Linear(),
        optimizer="sgd",
        learning_rate=1.0,
        batch_size=100,
        prior=None,
        epochs=1,
        random_state=0,
    )


def cases():
    found = estimator_checks_generator(
        make_classifier(), expected_failed_checks=EXPECTED_FAILED_CHECKS, mark="xfail"
    )
    for case in found:
        estimator, check = getattr(case, "values", case)
        name, marks = name_of(check), [*getattr(case, "marks", ())]
        if name in SLOW_CHECKS:
            marks.append(pytest.mark.slow)
        yield pytest.param(estimator, check, marks=marks, id=name)


@pytest.fixture(scope="module")
def eagerly():
    """Compute step by step: to trace a network takes longer than the few steps of a short fit."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), list(cases()))
def test_scikit_learn_check(estimator, check):
    check(estimator)


def test_at_least_45_checks_are_run_and_at_most_one_is_expected_to_fail():
    checks = list(estimator_checks_generator(make_classifier()))
    assert len(checks) - len(EXPECTED_FAILED_CHECKS) >= 45
    assert len(EXPECTED_FAILED_CHECKS) <= 1
    assert {name_of(check) for _, check in checks} >= SLOW_CHECKS.keys()
