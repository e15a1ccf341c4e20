"""A fit that was killed goes on, and comes to what it would have come to."""

import functools
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from functools import partial
from itertools import count
from pathlib import Path

import keras
import numpy as np
import pytest
from filelock import FileLock
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit

from skin_lesion import (
    Backbone,
    ConvNet,
    FitCheckpoint,
    ImageAugmenter,
    ImageLoader,
    load_image_folder,
)
from skin_lesion.models._checkpoint.fingerprint import describe
from skin_lesion.models._networks.efficientnet_lite import IMAGENET_SHA256
from skin_lesion.models._training.batches import ImageBatches

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class CtrlC(keras.callbacks.Callback):
    """Interrupt the third epoch, as long as it is told to from outside of the fit."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2 and "SKIN_LESION_TEST_GOES_ON" not in os.environ:
            raise KeyboardInterrupt


class AddToLogs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs |= {"rate": self.model.optimizer.learning_rate, "note": "good"}


@pytest.fixture(scope="module")
def long(small):
    """A classifier whose fit has every kind of state: moments, dropout, best weights, a rate."""

    def make(callbacks=(), **parameters):
        plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, factor=0.5)
        defaults = {
            "architecture": ConvNet(filters=(8,), dropout=0.5),
            "augmenter": ImageAugmenter(),
            "early_stopping": True,
            "epochs": 5,
            "learning_rate": 0.02,
            "callbacks": [plateau, CtrlC(), *callbacks],
        }
        return small(**{**defaults, **parameters})

    return make


def with_dropout(input_shape, n_classes):
    layers = keras.layers
    pixels = [keras.Input(input_shape), layers.Rescaling(1 / 32, -4), layers.Flatten()]
    output = layers.Dense(n_classes, activation="softmax")
    return keras.Sequential([*pixels, layers.Dropout(0.5), output])


@pytest.fixture(scope="module")
def light(long):
    """The same with a network of one layer, for what is asked of any fit."""
    return partial(long, architecture=with_dropout)


@pytest.fixture(scope="module")
def left(light, lesions, tmp_path_factory):
    """The folder that a light fit leaves which is interrupted after two epochs."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(KeyboardInterrupt):
        light([FitCheckpoint(folder)]).fit(lesions.images, lesions.target)
    return folder


@pytest.fixture
def interrupted(left, tmp_path, monkeypatch):
    """Return a copy of the folder with the checkpoint of a fit that was interrupted."""
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    return shutil.copytree(left, tmp_path / "checkpoints")


@pytest.fixture
def epochs_trained(monkeypatch):
    """Collect the epochs whose batches are asked for."""
    epochs = []
    start_epoch = ImageBatches.start_epoch

    def record(self, epoch, logs=None):
        start_epoch(self, epoch, logs)
        if logs is not None:
            epochs.append(epoch)

    monkeypatch.setattr(ImageBatches, "start_epoch", record)
    return epochs


def assert_same_fit(one, other, X):
    assert one.n_iter_ == other.n_iter_
    assert one.best_epoch_ == other.best_epoch_
    assert one.history_ == other.history_
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_fit_goes_on_after_ctrl_c(long, lesions, tmp_path, epochs_trained, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        long([FitCheckpoint(tmp_path)]).fit(lesions.images, lesions.target)
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    del epochs_trained[:]
    resumed = long([FitCheckpoint(tmp_path)]).fit(lesions.images, lesions.target)
    assert epochs_trained == [2, 3, 4]
    whole = long().fit(lesions.images, lesions.target)
    assert_same_fit(resumed, whole, lesions.images)


def test_what_an_own_early_stopping_has_seen_is_not_forgotten_and_the_log_goes_on(
    small, lesions, tmp_path, monkeypatch
):
    path = tmp_path / "log.csv"

    def fit():
        # By this measure nothing but the first epoch is better than those before.
        stopping = keras.callbacks.EarlyStopping(monitor="loss", min_delta=5.0, patience=3)
        log = keras.callbacks.CSVLogger(path, append=True)
        callbacks = [stopping, log, CtrlC(), FitCheckpoint(tmp_path)]
        return small(epochs=9, callbacks=callbacks).fit(lesions.images, lesions.target)

    with pytest.raises(KeyboardInterrupt):
        fit()
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    assert fit().n_iter_ == fit().n_iter_ == 4
    first = [line.partition(",")[0] for line in path.read_text().splitlines()]
    assert first == ["epoch", "0", "1", "2", "3"]


SCRIPT = """
    import signal, sys, warnings
    import numpy as np
    from skin_lesion import (
        ConvNet, FitCheckpoint, ImageAugmenter, SkinLesionClassifier, make_lesion_images)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    lesions = make_lesion_images(60, n_classes=2, image_size=(24, 24), random_state=0)
    classifier = SkinLesionClassifier(
        ConvNet(filters=(8,)), epochs=int(sys.argv[2]), augmenter=ImageAugmenter(),
        batch_size=16, random_state=0, callbacks=[FitCheckpoint(sys.argv[1])])
    classifier.fit(lesions.images, lesions.target)
    np.savez(sys.argv[3], classifier.predict_proba(lesions.images), classifier.history_["loss"])
"""


def start_fit(folder, result, n_epochs=40):
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    return subprocess.Popen([*command, str(folder), str(n_epochs), str(result)])


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_fit_goes_on_after_a_signal(tmp_path, number):
    process = start_fit(tmp_path / "killed", tmp_path / "never.npz")
    deadline = time.monotonic() + 120
    while not list((tmp_path / "killed").glob("fit_*.npz")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(timeout=60) != 0
    assert not (tmp_path / "never.npz").exists()
    fits = [
        start_fit(tmp_path / "killed", tmp_path / "resumed.npz"),
        start_fit(tmp_path / "whole", tmp_path / "whole.npz"),
    ]
    assert [fit.wait() for fit in fits] == [0, 0]
    with np.load(tmp_path / "resumed.npz") as resumed, np.load(tmp_path / "whole.npz") as whole:
        for name in whole.files:
            np.testing.assert_array_equal(resumed[name], whole[name])


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        pytest.param({"epochs": 3}, "epochs", marks=pytest.mark.slow),
        ({"augmenter": ImageAugmenter(rotation=10)}, "augmenter"),
    ],
)
def test_other_parameters_start_anew_and_say_so(light, lesions, interrupted, parameters, named):
    other = light([FitCheckpoint(interrupted)], **parameters)
    with pytest.warns(UserWarning, match=rf"another fit, .* differs in {named}\. ") as caught:
        other.fit(lesions.images, lesions.target)
    assert caught[0].filename == __file__
    alone = light(**parameters).fit(lesions.images, lesions.target)
    assert_same_fit(other, alone, lesions.images)


def test_file_that_is_deleted_between_epochs(smallest, lesion_folder, tmp_path, epochs_trained):
    folder = load_image_folder(lesion_folder, split="train")
    path = Path(folder.data[7, 0])
    moved = path.with_suffix(".moved")

    class MoveAFile(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0 and path.exists():
                path.rename(moved)

    classifier = smallest(
        loader=ImageLoader((24, 24), cache_dir=tmp_path / "cache"),
        epochs=3,
        batch_size=4,
        callbacks=[MoveAFile(), FitCheckpoint(tmp_path / "checkpoints")],
    )
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        classifier.fit(folder.data, folder.target)
    moved.rename(path)
    del epochs_trained[:]
    classifier.fit(folder.data, folder.target)
    assert epochs_trained == [1, 2]


def test_other_data_start_anew_and_say_so(light, lesions, interrupted, epochs_trained):
    classifier = light([FitCheckpoint(interrupted)])
    with pytest.warns(UserWarning, match="differs in the data. Training starts from"):
        classifier.fit(lesions.images[::-1], lesions.target[::-1])
    assert epochs_trained[0] == 0


@pytest.mark.parametrize(
    "damage",
    [
        "cut short",
        pytest.param("empty", marks=pytest.mark.slow),
        pytest.param("overwritten", marks=pytest.mark.slow),
    ],
)
def test_damaged_checkpoint_starts_anew_and_says_so(
    light, lesions, interrupted, epochs_trained, damage
):
    (path,) = interrupted.glob("fit_*.npz")
    content = path.read_bytes()
    remains = {
        "cut short": content[:-100],
        "empty": b"",
        "overwritten": content[:2000] + bytes(100) + content[2100:],
    }
    path.write_bytes(remains[damage])
    with pytest.warns(UserWarning, match="is damaged .* Training starts from"):
        light([FitCheckpoint(interrupted)]).fit(lesions.images, lesions.target)
    assert epochs_trained == [0, 1, 2, 3, 4]


def test_fit_that_ended_is_not_trained_again(light, lesions, tmp_path, epochs_trained, monkeypatch):
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    stopping = {"patience": 1, "epochs": 30, "learning_rate": 0.5}
    first = light([FitCheckpoint(tmp_path)], **stopping).fit(lesions.images, lesions.target)
    assert first.best_epoch_ < first.n_iter_ < 30
    del epochs_trained[:]
    # What does not change the result does not count.
    again = light([FitCheckpoint(tmp_path)], verbose=2, **stopping)
    again.fit(lesions.images, lesions.target)
    assert epochs_trained == []
    assert_same_fit(again, first, lesions.images)


def test_full_disk_is_a_warning_and_leaves_the_checkpoint(light, lesions, interrupted, monkeypatch):
    (path,) = interrupted.glob("fit_*.npz")
    content = path.read_bytes()

    def refuse(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.warns(UserWarning, match="No checkpoint was saved after epoch 3: .*No space left"):
        light([FitCheckpoint(interrupted)]).fit(lesions.images, lesions.target)
    assert path.read_bytes() == content
    assert os.listdir(interrupted) == [path.name]


def test_unfinished_fit_that_another_process_is_at_is_not_spoken_of(light, lesions, interrupted):
    (path,) = interrupted.glob("fit_*.npz")
    with FileLock(path.with_suffix(".lock")), warnings.catch_warnings():
        warnings.filterwarnings("error", message="The checkpoint")
        light([FitCheckpoint(interrupted)], epochs=1).fit(lesions.images, lesions.target)
    with pytest.warns(UserWarning, match="another fit, .* differs in epochs"):
        light([FitCheckpoint(interrupted)], epochs=2).fit(lesions.images, lesions.target)
    assert len(list(interrupted.glob("fit_*.npz"))) == 3


class LockIsHeld(keras.callbacks.Callback):
    """Note whether the fit in a folder has locked its checkpoint."""

    def __init__(self, folder, noted):
        super().__init__()
        self._folder, self._noted = folder, noted

    def __deepcopy__(self, memo):
        return self

    def on_train_batch_end(self, batch, logs=None):
        self._noted.append([path.suffix for path in self._folder.glob("*.lock")])


def test_fit_locks_its_checkpoint_while_it_is_at_work(smallest, lesions, tmp_path):
    noted = []
    callbacks = [LockIsHeld(tmp_path, noted), FitCheckpoint(tmp_path)]
    smallest(callbacks=callbacks).fit(lesions.images, lesions.target)
    assert noted
    assert all(found == [".lock"] for found in noted)
    assert list(tmp_path.glob("*.lock")) == []


def test_search_goes_on_after_ctrl_c(smallest, lesions, tmp_path, epochs_trained, monkeypatch):
    def search():
        classifier = smallest(epochs=3, callbacks=[CtrlC(), FitCheckpoint(tmp_path)])
        grid = {"learning_rate": [0.01, 0.001]}
        cv = StratifiedShuffleSplit(1, random_state=0)
        return GridSearchCV(classifier, grid, cv=cv, error_score="raise").fit(
            lesions.images, lesions.target
        )

    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    n_epochs = count(1)
    start_epoch = ImageBatches.start_epoch

    def interrupt_late(self, epoch, logs=None):
        if logs is not None and next(n_epochs) == 5:
            raise KeyboardInterrupt
        start_epoch(self, epoch, logs)

    monkeypatch.setattr(ImageBatches, "start_epoch", interrupt_late)
    with pytest.raises(KeyboardInterrupt):
        search()
    done = len(epochs_trained)
    found = search()
    # One fit was whole, and the second lacked two epochs: of 2 fits and the last, of all rows.
    assert epochs_trained[done:] == [1, 2, 0, 1, 2]
    del epochs_trained[:]
    again = search()
    assert epochs_trained == []
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(found.cv_results_[name], again.cv_results_[name])


def test_fit_that_no_other_can_equal(small, lesions, tmp_path):
    for parameters in ({"random_state": None}, {"warm_start": True}):
        with pytest.raises(ValueError, match="Expected an int and False"):
            small(callbacks=[FitCheckpoint(tmp_path)], **parameters).fit(
                lesions.images, lesions.target
            )
    with pytest.raises(ValueError, match="holds 2 FitCheckpoint objects"):
        small(callbacks=[FitCheckpoint(tmp_path)] * 2).fit(lesions.images, lesions.target)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [(None, "The 'folder' parameter of FitCheckpoint"), ("file", "is not a folder")],
)
def test_a_folder_that_is_none(small, lesions, tmp_path, monkeypatch, folder, expected):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises((ValueError, OSError), match=expected):
        small(callbacks=[FitCheckpoint(folder)]).fit(lesions.images, lesions.target)


def test_a_fit_of_other_precision_is_another(light, lesions, interrupted):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.warns(UserWarning, match=r"another fit, .* differs in the backend\. "):
            light([FitCheckpoint(interrupted)]).fit(lesions.images, lesions.target)
    finally:
        keras.config.set_dtype_policy(before)


def test_weights_of_held_out_rows_are_other_data(smallest, lesions, tmp_path, epochs_trained):
    classifier = smallest(early_stopping=True, epochs=1, callbacks=[FitCheckpoint(tmp_path)])
    weight = np.ones(len(lesions.target))
    classifier.fit(lesions.images, lesions.target, sample_weight=weight)
    loss = classifier.history_["val_loss"]
    weight[classifier.validation_indices_[0]] = 9
    classifier.fit(lesions.images, lesions.target, sample_weight=weight)
    assert classifier.history_["val_loss"] != loss
    assert epochs_trained == [0, 0]
    classifier.fit(lesions.images, lesions.target, sample_weight=weight)
    assert epochs_trained == [0, 0]


def test_other_labels_and_weights_are_other_data(smallest, lesions, tmp_path, epochs_trained):
    X, y = lesions.images, 9 + np.unique(lesions.target, return_inverse=True)[1]
    swapped, weight = y.copy(), np.ones(len(y))
    rows = [0, np.flatnonzero(y != y[0])[0]]
    swapped[rows] = y[rows[::-1]]
    weight[0] = 2
    classifier = smallest(epochs=1, callbacks=[FitCheckpoint(tmp_path)])
    classifier.fit(X, y).fit(X, swapped).fit(X, y, sample_weight=weight)
    classifier.fit(X, y.astype(str))  # sorted differently
    assert epochs_trained == [0, 0, 0, 0]


def test_changed_file_is_other_data(smallest, lesion_folder, tmp_path, epochs_trained):
    folder = load_image_folder(lesion_folder, split="train")
    classifier = smallest(
        loader=ImageLoader((24, 24)), epochs=1, callbacks=[FitCheckpoint(tmp_path)]
    ).fit(folder.data, folder.target)
    classifier.fit(folder.data, folder.target)
    assert epochs_trained == [0]
    os.utime(folder.data[0, 0], (1, 1))
    classifier.fit(folder.data, folder.target)
    assert epochs_trained == [0, 0]


class Net:
    n_filters = 4

    def __init__(self, n_filters):
        self._n_filters = n_filters

    def __call__(self, input_shape, n_classes):
        return ConvNet(filters=(self._n_filters,))(input_shape, n_classes)

    def build(self, input_shape, n_classes):
        return self(input_shape, n_classes)


def closure(n_filters):
    return lambda input_shape, n_classes: ConvNet(filters=(n_filters,))(input_shape, n_classes)


def default(n_filters):
    def network(input_shape, n_classes, *, n_filters=n_filters):
        return ConvNet(filters=(n_filters,))(input_shape, n_classes)

    return network


def inner_code(n_filters):
    source = f"""
def network(input_shape, n_classes):
    def inner():
        return ConvNet(filters=({n_filters},))
    return inner()(input_shape, n_classes)
"""
    names = {"ConvNet": ConvNet, "__name__": __name__}
    exec(source, names)
    return names["network"]


def value_of_a_module(n_filters):
    source = """
def network(input_shape, n_classes):
    return helper()(input_shape, n_classes)
def helper():
    return ConvNet(filters=(N_FILTERS,))
"""
    names = {"ConvNet": ConvNet, "N_FILTERS": n_filters, "__name__": __name__}
    exec(source, names)
    return names["network"]


def class_value(n_filters):
    return type("Own", (Net,), {"n_filters": n_filters, "__module__": __name__})(4)


NETWORKS = [
    closure,
    default,
    inner_code,
    value_of_a_module,
    class_value,
    Net,
    lambda n_filters: Net(n_filters).build,
    lambda n_filters: functools.partial(default(4), n_filters=n_filters),
]


@pytest.mark.parametrize("make", NETWORKS)
def test_architectures_that_differ_in_what_they_do_are_told_apart(make):
    assert describe(make(4), "architecture") == describe(make(4), "architecture")
    assert describe(make(4), "architecture") != describe(make(5), "architecture")


def test_weights_of_a_backbone_are_told_apart_by_the_content_of_their_file(tmp_path):
    path = tmp_path / "some.weights.h5"
    seen = []
    for content in (b"one", b"two", b"one"):
        path.write_bytes(content)
        seen.append(describe(Backbone("MobileNet", weights=path), "architecture"))
    assert seen[0] == seen[2] != seen[1]


def test_weights_of_a_package_are_told_apart_by_the_digest_of_their_file(monkeypatch):
    before = describe(Backbone("EfficientNetLite0"), "architecture")
    monkeypatch.setitem(IMAGENET_SHA256, "EfficientNetLite0", "another release")
    assert describe(Backbone("EfficientNetLite0"), "architecture") != before


BLOCKS = """
import threading
from my_package import more

ACT, WIDTHS, LOCK = "relu", (4, 8), threading.Lock()

def head(x, n):
    return ACT, WIDTHS, more.tail(x)

def recursive(x):
    return recursive(x)
"""
MORE = """
from my_package import blocks

SCALE = 1

def tail(x):
    return blocks.head, SCALE

def locked():
    return blocks.LOCK
"""
IN_GLOBALS = "from my_package import blocks\ndef arch(s, n): return blocks.head(s, n)"
CHAIN = "import my_package.blocks\ndef arch(s, n): return my_package.blocks.head(s, n)"
INSIDE = "def arch(s, n):\n    import my_package.blocks as b\n    return b.head(s, n)"
FROM = "def arch(s, n):\n    from my_package.blocks import head as h\n    return h(s, n)"
RELATIVE = "def arch(s, n):\n    from . import blocks\n    return blocks.head(s, n)"
BELOW = "def arch(s, n):\n    def f():\n        from my_package import blocks as b\n    return f()"
LATER = (
    "def arch(s, n):\n    import my_package.blocks\n    return getattr(my_package.blocks, 'h' + n)"
)


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    """Return a function that writes modules of the user's, and imports none of them."""
    folder = tmp_path / "my_package"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def write(architecture, blocks=BLOCKS, more=MORE):
        texts = {"__init__": "", "blocks": blocks, "more": more, "arch": architecture}
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(text)
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        forget()
        return importlib.import_module("my_package.arch").arch

    yield write
    forget()


@pytest.mark.parametrize(
    "text", [IN_GLOBALS, CHAIN, INSIDE, FROM, RELATIVE, BELOW, LATER], ids=lambda text: text[-40:]
)
def test_own_modules_are_told_apart(own_package, text):
    def describe_anew(*texts):
        return describe(own_package(text, *texts), "architecture")

    first = describe_anew()
    assert describe_anew() == first
    assert describe_anew(BLOCKS.replace("relu", "sigmoid")) != first
    assert describe_anew(BLOCKS, MORE.replace("SCALE = 1", "SCALE = 2")) != first
    # And where they are set while the process runs.
    architecture = own_package(text)
    assert describe(architecture, "architecture") == first
    sys.modules["my_package.blocks"].ACT = "sigmoid"
    changed = describe(architecture, "architecture")
    assert changed != first
    sys.modules["my_package.more"].SCALE = 2
    assert describe(architecture, "architecture") not in (first, changed)


def test_functions_of_a_module_that_an_object_holds(own_package):
    own_package(INSIDE, BLOCKS.replace("threading.Lock()", "None"))
    more = importlib.import_module("my_package.more")
    first = describe(functools.partial(max, more), "architecture")
    more.tail = more.locked
    assert describe(functools.partial(max, more), "architecture") != first


@pytest.mark.parametrize(
    "text",
    [
        "def arch(s, n):\n    from my_package import more\n    return more.locked()",
        "def arch(s, n):\n    import my_package.blocks\n    return my_package.blocks.LOCK",
    ],
)
def test_own_module_of_unknown_content_is_refused(own_package, text):
    with pytest.raises(ValueError, match="cannot tell whether a fit is the same"):
        describe(own_package(text), "architecture")


def test_import_that_fails_is_that_of_the_code(own_package):
    text = "def arch(s, n):\n    try:\n        import my_missing\n    except ImportError: pass"
    assert describe(own_package(text), "architecture") is not None


class OwnSGD(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize(
    "make",
    [
        keras.optimizers.SGD,
        OwnSGD,
        lambda *rate: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(*rate)),
    ],
)
def test_names_that_keras_numbers_do_not_count(make):
    assert describe(make(), "optimizer") == describe(make(), "optimizer")
    assert describe(make(), "optimizer") != describe(make(0.5), "optimizer")


def own_schedule(rate):
    @keras.saving.register_keras_serializable("tests")
    class Schedule(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return rate

        def get_config(self):
            return {}

    return keras.optimizers.SGD(Schedule())


def own_function(rate):
    @keras.saving.register_keras_serializable("tests")
    def find_rate():
        return rate

    return keras.optimizers.SGD(find_rate)


def own_inner_optimizer(rate):
    @keras.saving.register_keras_serializable("tests")
    class Inner(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, rate)

    return keras.optimizers.LossScaleOptimizer(Inner())


@pytest.mark.parametrize("make", [own_schedule, own_function, own_inner_optimizer])
def test_own_code_in_an_optimizer_counts(make):
    first = describe(make(0.1), "optimizer")
    assert first == describe(make(0.1), "optimizer")
    assert first != describe(make(0.01), "optimizer")


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, name):
        self.name = name

    def __call__(self, step):
        return 0.1 if self.name == "constant" else 0.1 / (1 + step)

    def get_config(self):
        return {"name": self.name}


def test_names_that_a_user_gives_count():
    def describe_one(name):
        return describe(keras.optimizers.SGD(OwnSchedule(name)), "optimizer")

    assert describe_one("constant") == describe_one("constant") != describe_one("falling")


class Listing:
    def __init__(self, *values):
        self.values = values

    def get_config(self):
        return list(self.values)


def test_a_configuration_may_be_no_dict():
    first, again, other = (describe(Listing(name), "callbacks") for name in "aab")
    assert first == again != other


class OwnLayer(keras.layers.Layer):
    def call(self, x):
        return x


def test_own_layers_in_a_network_count(monkeypatch):
    network = keras.Sequential([keras.Input((4,)), OwnLayer(), keras.layers.Dense(2)])
    assert isinstance(keras.models.clone_model(network).layers[0], OwnLayer)
    first = describe(network, "architecture")
    assert first == describe(network, "architecture")
    monkeypatch.setattr(OwnLayer, "call", lambda self, x: 2 * x)
    assert first != describe(network, "architecture")


def test_fit_of_another_closure_is_not_returned(smallest, lesions, tmp_path, epochs_trained):
    for n_filters in (4, 5, 4):
        fitted = smallest(
            architecture=closure(n_filters), epochs=1, callbacks=[FitCheckpoint(tmp_path)]
        ).fit(lesions.images, lesions.target)
        assert fitted.model_.layers[-1].output.shape[-1] == 3
        assert n_filters in {weight.shape[-1] for weight in fitted.model_.weights}
    assert epochs_trained == [0, 0]


def test_what_cannot_be_told_apart_is_refused(smallest, lesions, tmp_path):
    numbers = count(4)

    def network(input_shape, n_classes):
        return ConvNet(filters=(next(numbers),))(input_shape, n_classes)

    classifier = smallest(architecture=network, callbacks=[FitCheckpoint(tmp_path)])
    with pytest.raises(
        ValueError, match=r"architecture holds count\(4\).*leave out the checkpoint"
    ):
        classifier.fit(lesions.images, lesions.target)


def test_sets_in_code_are_described_alike_in_every_process(own_package, tmp_path):
    architecture = own_package("def arch(s, n): return s in {'a', 'b', 'c', 'd', 'e', 'f'}")
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from my_package.arch import arch
from skin_lesion.models._checkpoint.fingerprint import describe
sys.stdout.write(str(describe(arch, "architecture")))
"""
    there = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        env={**os.environ, "PYTHONHASHSEED": "1"},  # with which sets have another order
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout == str(describe(architecture, "architecture"))


@pytest.mark.parametrize(
    "parameters", [{"epochs": np.int64(2)}, pytest.param({"epochs": "few"}, marks=pytest.mark.slow)]
)
def test_numbers_of_epochs_of_numpy_and_logs_of_a_callback(parameters, smallest, lesions, tmp_path):
    X, y = lesions.images[:, :8, :8], lesions.target
    parameters |= {"batch_size": 4, "learning_rate": "auto", "class_weight": "balanced"}
    callbacks = [AddToLogs(), FitCheckpoint(tmp_path)]
    classifier = smallest(**parameters, callbacks=callbacks, verbose=1).fit(X, y)
    assert classifier.history_["note"] == ["good"] * classifier.epochs_
    assert {type(rate) for rate in classifier.history_["rate"]} == {float}
    history = classifier.history_
    assert classifier.fit(X, y).n_iter_ == classifier.epochs_ == len(history["rate"])
    assert classifier.history_ == history
