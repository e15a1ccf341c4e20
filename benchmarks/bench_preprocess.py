"""Cost of cleaning and augmenting an image, beside scikit-image, OpenCV, Keras and albumentations.

Run it alone with ``python benchmarks/bench_preprocess.py [--quick] [--json FILE]``. The images are
drawn, of 224 x 224 pixels; those with hair exist without it, too, which tells what its removal is
worth. benchmarks/README.md explains the method.

Each side runs in a process of its own, in turn, with one thread. What is timed comes after a few
images that pay for loading libraries. The figures are milliseconds of the processor an image, the
least of several repetitions: others that run beside hardly change these.
"""

import argparse
import json
import os
import time
from importlib.util import find_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.update(
    NO_ALBUMENTATIONS_UPDATE="1",  # it would ask a server for its newest version
    OMP_NUM_THREADS="1",
    TF_NUM_INTRAOP_THREADS="1",
    TF_NUM_INTEROP_THREADS="1",
)

import cv2
import numpy as np
from _common import finish, make_parser, run_apart

SIDE = 224
BATCH_SIZE = 32
TARGETS = {
    "colour constancy": 1.0,
    "crop the border": 1.0,
    "remove hair": 12.0,
    "augment position and light": 1.5,
}
NEEDS = {
    "skin_lesion": [],
    "OpenCV": [],
    "NumPy": [],
    "scikit-image": ["skimage"],
    "Keras": ["keras"],
    "albumentations": ["albumentations"],
}
INSTALL = "pip install scikit-image albumentations"


# Images


def draw_lesions(n_images, chance_of_hair):
    """Draw the same lesions with hair or without, whatever the chance of it is otherwise."""
    from skin_lesion import make_lesion_images
    from skin_lesion.datasets._drawn import photograph as drawing

    artefacts = drawing._ARTEFACTS
    drawing._ARTEFACTS = tuple(
        (artefact, chance_of_hair if artefact is drawing._hair else chance)
        for artefact, chance in artefacts
    )
    try:
        lesions = make_lesion_images(n_images, image_size=(SIDE, SIDE), random_state=0)
    finally:
        drawing._ARTEFACTS = artefacts
    return lesions.images


def frame(images):
    """Put round fields of view on black."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return images * (np.hypot(x, y) < 0.42 * SIDE)[..., np.newaxis]


# skin_lesion


def make_ours(case):
    from skin_lesion import BorderCropper, ColorConstancy, HairRemover, ImageAugmenter

    light = {"shear": 10, "saturation": 0.2, "hue": 10}
    camera = {"blur": 0.005, "noise": 0.03, "jpeg": 40, "cutout": 0.3}
    return {
        "colour constancy": ColorConstancy().transform,
        "crop the border": lambda images: BorderCropper().transform(list(images)),
        "remove hair": HairRemover().transform,
        "augment position and light": ImageAugmenter(**light, random_state=0).fit_transform,
        "augment all": ImageAugmenter(**light, **camera, random_state=0).fit_transform,
    }[case]


# OpenCV and NumPy, as in the notebooks on dermoscopic images


def constancy_with_numpy(image, power=6):
    pixels = image.astype(np.float32)
    light = np.power(np.power(pixels, power).mean(axis=(0, 1)), 1 / power)
    light /= np.sqrt(np.sum(light**2))
    return np.clip(pixels / (light * np.sqrt(3)), 0, 255).astype(np.uint8)


def constancy_with_opencv(image, power=6):
    light = np.array(cv2.mean(cv2.pow(image.astype(np.float32), power))[:3]) ** (1 / power)
    gains = np.sqrt(np.mean(light**2)) / light
    return cv2.transform(image, np.diag(gains))


def crop_with_opencv(image):
    _, mask = cv2.threshold(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 25, 255, cv2.THRESH_BINARY)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    left, top, width, height = cv2.boundingRect(max(contours, key=cv2.contourArea))
    return image[top : top + height, left : left + width]


def remove_hair_with_opencv(image):
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (17, 17))
    darkness = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    _, mask = cv2.threshold(darkness, 10, 255, cv2.THRESH_BINARY)
    return cv2.inpaint(image, mask, 1, cv2.INPAINT_TELEA)


def vary_with_opencv(image, rng=np.random.default_rng(0)):  # noqa: B008
    """In as few calls as there are: the warp is composed, light is changed in HSV."""
    angle, scale = rng.uniform(-180, 180), rng.uniform(0.9, 1.1)
    matrix = cv2.getRotationMatrix2D((SIDE / 2 - 0.5, SIDE / 2 - 0.5), angle, scale)
    matrix[:, :2] = matrix[:, :2] @ [[1, np.tan(np.deg2rad(rng.uniform(-10, 10)))], [0, 1]]
    matrix[:, 2] += rng.uniform(-0.1, 0.1, 2) * SIDE
    image = cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    for axis in (0, 1):
        if rng.random() < 0.5:
            image = cv2.flip(image, axis)
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    levels = np.arange(256)
    turned = ((levels + rng.uniform(-5, 5)) % 180).astype(np.uint8)
    scaled = np.clip(levels * rng.uniform(0.8, 1.2), 0, 255).astype(np.uint8)
    contrast, mean = rng.uniform(0.9, 1.1), image.mean()
    light = (levels - mean) * contrast + mean + 255 * rng.uniform(-0.1, 0.1)
    hsv = cv2.merge([cv2.LUT(hue, turned), cv2.LUT(saturation, scaled), value])
    return cv2.LUT(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.clip(light, 0, 255).astype(np.uint8))


# scikit-image


def crop_with_skimage(image):
    from skimage import measure

    parts = measure.regionprops(measure.label(image.max(axis=2) > 25))
    top, left, bottom, right = max(parts, key=lambda part: part.area).bbox
    return image[top:bottom, left:right]


def remove_hair_with_skimage(image):
    from skimage import color, morphology, restoration

    grey = color.rgb2gray(image)
    mask = morphology.black_tophat(grey, morphology.disk(8)) > 10 / 255
    filled = restoration.inpaint_biharmonic(image, mask, channel_axis=2)
    return np.rint(255 * np.clip(filled, 0, 1)).astype(np.uint8)


def vary_with_skimage(image, rng=np.random.default_rng(0)):  # noqa: B008
    from skimage import color, transform

    centre = transform.AffineTransform(translation=(-SIDE / 2, -SIDE / 2))
    change = transform.AffineTransform(
        scale=rng.uniform(0.9, 1.1) * rng.choice([-1, 1], 2),
        rotation=rng.uniform(-np.pi, np.pi),
        shear=np.deg2rad(rng.uniform(-10, 10)),
        translation=SIDE / 2 + rng.uniform(-0.1, 0.1, 2) * SIDE,
    )
    moved = transform.warp(image, (centre + change).inverse, order=1, mode="symmetric")
    hsv = color.rgb2hsv(moved)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-10, 10) / 360) % 1
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.8, 1.2), 0, 1)
    lit = color.hsv2rgb(hsv)
    lit = (lit - lit.mean()) * rng.uniform(0.9, 1.1) + lit.mean() + rng.uniform(-0.1, 0.1)
    return np.rint(255 * np.clip(lit, 0, 1)).astype(np.uint8)


# Keras and albumentations


def make_keras():
    import keras
    import tensorflow as tf

    layers = keras.layers
    augment = keras.Sequential(
        [
            layers.RandomFlip(seed=0),
            layers.RandomRotation(0.5, fill_mode="reflect", seed=0),
            layers.RandomTranslation(0.1, 0.1, fill_mode="reflect", seed=0),
            layers.RandomZoom(0.1, fill_mode="reflect", seed=0),
            layers.RandomShear(0.1, 0.0, fill_mode="reflect", seed=0),
            layers.RandomBrightness(0.1, seed=0),
            layers.RandomContrast(0.1, seed=0),
            layers.RandomSaturation((0.4, 0.6), value_range=(0, 255), seed=0),
            layers.RandomHue(0.05, value_range=(0, 255), seed=0),
        ]
    )
    compiled = tf.function(lambda images: augment(images, training=True))

    def vary(images):
        for start in range(0, len(images), BATCH_SIZE):
            compiled(tf.cast(images[start : start + BATCH_SIZE], tf.float32)).numpy()

    return vary


def make_albumentations(case):
    import albumentations as A

    steps = [
        A.HorizontalFlip(p=0.5),
        A.VerticalFlip(p=0.5),
        A.Affine(
            rotate=(-180, 180),
            translate_percent=(-0.1, 0.1),
            scale=(0.9, 1.1),
            shear=(-10, 10),
            border_mode=cv2.BORDER_REFLECT,
            p=1,
        ),
        A.ColorJitter(
            brightness=(0.9, 1.1), contrast=(0.9, 1.1), saturation=(0.8, 1.2), hue=0.03, p=1
        ),
    ]
    if case == "augment all":
        steps += [
            A.GaussianBlur(blur_limit=0, sigma_limit=(0.1, 0.005 * SIDE), p=1),
            A.GaussNoise(std_range=(0, 0.03), p=1),
            A.ImageCompression(quality_range=(60, 100), p=1),
            A.CoarseDropout(
                num_holes_range=(1, 1),
                hole_height_range=(0.01, 0.3),
                hole_width_range=(0.01, 0.3),
                p=1,
            ),
        ]
    compose = A.Compose(steps, seed=0)
    return one_by_one(lambda image: compose(image=image)["image"])


def one_by_one(function):
    return lambda images: [function(image) for image in images]


CASES = {
    "colour constancy": {
        "skin_lesion": lambda: make_ours("colour constancy"),
        "OpenCV": lambda: one_by_one(constancy_with_opencv),
        "NumPy": lambda: one_by_one(constancy_with_numpy),
    },
    "crop the border": {
        "skin_lesion": lambda: make_ours("crop the border"),
        "OpenCV": lambda: one_by_one(crop_with_opencv),
        "scikit-image": lambda: one_by_one(crop_with_skimage),
    },
    "remove hair": {
        "skin_lesion": lambda: make_ours("remove hair"),
        "OpenCV": lambda: one_by_one(remove_hair_with_opencv),
        "scikit-image": lambda: one_by_one(remove_hair_with_skimage),
    },
    "augment position and light": {
        "skin_lesion": lambda: make_ours("augment position and light"),
        "OpenCV": lambda: one_by_one(vary_with_opencv),
        "scikit-image": lambda: one_by_one(vary_with_skimage),
        "Keras": make_keras,
        "albumentations": lambda: make_albumentations("augment position and light"),
    },
    "augment all": {
        "skin_lesion": lambda: make_ours("augment all"),
        "albumentations": lambda: make_albumentations("augment all"),
    },
}


# Measuring


def measure_here(case, side, n_images, n_runs):
    """Print what a case costs in this process, as JSON."""
    cv2.setNumThreads(1)
    hairy = draw_lesions(n_images, 1)
    images = frame(hairy) if case == "crop the border" else hairy
    if side == "scikit-image" and case == "remove hair":  # seconds an image
        images, hairy = images[:4], hairy[:4]
    function = CASES[case][side]()
    function(images[:BATCH_SIZE])
    costs = []
    for _ in range(n_runs):
        start = time.process_time()
        function(images)
        costs.append(1000 * (time.process_time() - start) / len(images))
    figures = {"cpu_ms_per_image": round(min(costs), 3)}
    if case == "remove hair":
        figures |= judge(function, hairy, draw_lesions(n_images, 0)[: len(hairy)])
    print(json.dumps(figures))


def judge(remove, hairy, hairless):
    """Return by how much the error falls, and what becomes of images without hair."""

    def error(images):
        return np.abs(np.asarray(images, dtype=float) - hairless).mean()

    return {
        "error_falls_by": round(1 - error(remove(hairy)) / error(hairy), 3),
        "change_without_hair": round(error(remove(hairless)), 3),
    }


def print_figures(figures):
    for case, sides in figures.items():
        target = f", target {TARGETS[case]:g} ms" if case in TARGETS else ""
        print(f"\n{case}{target}\n{'':<16}{'CPU ms an image':>16}{'ours is faster by':>20}")
        ours = sides["skin_lesion"]["cpu_ms_per_image"]
        for side, line in sides.items():
            cost = line["cpu_ms_per_image"]
            quality = ""
            if "error_falls_by" in line:
                quality = (
                    f"   error falls by {line['error_falls_by']:.1%}, images without hair"
                    f" change by {line['change_without_hair']:.2f} grey levels"
                )
            print(f"{side:<16}{cost:>16.2f}{cost / ours:>20.1f}{quality}")


def main():
    parser = make_parser(__doc__)
    parser.add_argument(
        "--measure", nargs=4, metavar=("CASE", "SIDE", "N", "RUNS"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.measure:
        case, side, n_images, n_runs = arguments.measure
        measure_here(case, side, int(n_images), int(n_runs))
        return
    n_images, n_runs = (32, 2) if arguments.quick else (128, 5)

    present = [side for side, modules in NEEDS.items() if all(map(find_spec, modules))]
    for side in NEEDS.keys() - set(present):
        print(f"{side} is left out: it is not installed. To compare with it: {INSTALL}")
    cases = {
        case: {
            side: json.loads(run_apart(__file__, "--measure", case, side, n_images, n_runs))
            for side in sides
            if side in present
        }
        for case, sides in CASES.items()
    }
    print_figures(cases)
    figures = {"n_images": n_images, "runs": n_runs, "cases": cases}
    packages = ("opencv-python-headless", "scikit-image", "albumentations")
    finish(figures, arguments.json, *packages)


if __name__ == "__main__":
    main()
