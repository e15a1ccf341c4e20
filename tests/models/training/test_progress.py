"""scikit-learn's callbacks, such as its ProgressBar, are told of each epoch of each fit."""

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skin_lesion import (
    AveragedClassifier,
    Backbone,
    ConvNet,
    FitCheckpoint,
    SkinLesionClassifier,
    TestTimeAugmentation,
    make_lesion_images,
)

pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")

N_EPOCHS = 2


class Recorder:
    """A callback that notes what is told, and ends training after some epochs."""

    max_propagation_depth = None

    def __init__(self, n_epochs=None):
        self.n_epochs = n_epochs
        self.events = []
        self.promised = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        if isinstance(estimator, SkinLesionClassifier) and context.task_name != "epoch":
            self.promised.append(context.max_subtasks)

    def on_fit_task_end(self, estimator, context):
        self.events.append(context.task_name)
        return self.events.count("epoch") == self.n_epochs


@pytest.fixture(scope="module")
def lesions():
    return make_lesion_images(24, n_classes=2, image_size=(16, 16), random_state=0)


@pytest.fixture
def network(linear):
    return SkinLesionClassifier(linear, optimizer="sgd", epochs=N_EPOCHS, random_state=0)


def test_each_epoch_is_a_task_of_the_fit(lesions, network):
    recorder = Recorder()
    network.set_callbacks(recorder).fit(lesions.images, lesions.target)
    assert recorder.promised == [N_EPOCHS]
    assert recorder.events == ["setup", "epoch", "epoch", "fit", "teardown"]


def test_a_callback_ends_training(lesions, network):
    network.set_callbacks(Recorder(n_epochs=1)).fit(lesions.images, lesions.target)
    assert network.n_iter_ == 1


def test_a_callback_ends_the_training_of_a_frozen_head_in_a_search(tiny_file):
    lesions = make_lesion_images(24, n_classes=2, image_size=(32, 32), random_state=0)
    network = SkinLesionClassifier(
        Backbone("TinyNet", weights=tiny_file, trainable="head"), random_state=0
    )
    search = GridSearchCV(network, {"epochs": [3]}, cv=2, refit=False, error_score="raise")
    recorder = Recorder(n_epochs=1)  # of the first fit
    search.set_callbacks(recorder).fit(lesions.images, lesions.target)
    assert recorder.promised == [3, 3]
    assert recorder.events.count("epoch") == 1 + 3


def test_a_search_is_told_of_epochs_inside_of_wrappers(lesions, network):
    averaged = AveragedClassifier([TestTimeAugmentation(network, n_augmentations=1), network])
    search = GridSearchCV(averaged, {"estimator_1__batch_size": [12]}, cv=2, error_score="raise")
    recorder = Recorder()
    search.set_callbacks(recorder).fit(lesions.images, lesions.target)
    n_fits = 3 * 2  # two folds and a refit, of two networks
    assert recorder.promised == [N_EPOCHS] * n_fits
    assert recorder.events.count("epoch") == N_EPOCHS * n_fits
    assert recorder.events[-1] == "teardown"


def test_a_fit_that_fails_tells_its_end(lesions, network):
    recorder = Recorder()
    network.set_params(architecture=ConvNet(filters=(2,)), optimizer="adam", learning_rate=1e30)
    network.set_callbacks(recorder)
    with pytest.raises(ValueError, match="diverged"):
        network.fit(lesions.images, lesions.target)
    assert recorder.events[-1] == "teardown"
    assert not any("callback_fit" in name for name in vars(network))
    clone(network).set_params(learning_rate="auto").fit(lesions.images, lesions.target)
    assert recorder.events[-2:] == ["fit", "teardown"]


def test_a_fit_that_is_complete_in_a_checkpoint_tells_no_end_without_a_beginning(
    lesions, network, tmp_path
):
    network.set_params(callbacks=[FitCheckpoint(tmp_path)]).fit(lesions.images, lesions.target)
    recorder = Recorder()
    network.set_callbacks(recorder).fit(lesions.images, lesions.target)
    assert recorder.events == ["setup", "teardown"]


def test_a_fit_that_a_callback_ended_goes_on_from_its_checkpoint(lesions, network, tmp_path):
    network.set_params(callbacks=[FitCheckpoint(tmp_path)])
    clone(network).set_callbacks(Recorder(n_epochs=1)).fit(lesions.images, lesions.target)
    assert network.fit(lesions.images, lesions.target).n_iter_ == N_EPOCHS
