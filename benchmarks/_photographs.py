"""Photographs of lesions of the usual 600 x 450 pixels, and large ones."""

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

STORED_SIZE = {"usual": (450, 600), "large": (3000, 4000)}
N_DRAWN = 40


def are_real():
    """Tell whether there are real photographs: in `full_size` in the folder SKIN_LESION_DATA."""
    return "SKIN_LESION_DATA" in os.environ


def make_usual(folder, n_images):
    """Write photographs to a folder, real or drawn ones in turn until they are enough.

    Returns
    -------
    paths : ndarray of shape (n_images,), of str
    """
    folder.mkdir()
    contents = read_photographs() if are_real() else draw_photographs(folder)
    paths = []
    for number in range(n_images):
        content = contents[number % len(contents)]
        # A comment makes it another content: the cache keeps equal ones once.
        comment = f"{number:06d}".encode()
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big")
        path = folder / f"{number:06d}.jpg"
        path.write_bytes(content[:2] + marker + comment + content[2:])
        paths.append(str(path))
    return np.array(paths)


def list_labelled(folder):
    """Return the paths of the photographs in a folder, and classes for them, one third melanoma."""
    paths = np.array(sorted(map(str, Path(folder).iterdir())))
    return paths, np.array(["melanoma", "nevus", "nevus"])[np.arange(len(paths)) % 3]


def make_large(folder, n_images, usual):
    """Write photographs of 4000 x 3000 pixels, scaled from those in another folder."""
    folder.mkdir()
    originals = sorted(usual.iterdir())
    for number in range(n_images):
        with Image.open(originals[number % len(originals)]) as image:
            large = image.resize(STORED_SIZE["large"][::-1], Image.Resampling.BICUBIC)
        large.save(folder / f"{number:06d}.jpg", quality=92)


def read_photographs():
    folder = Path(os.environ["SKIN_LESION_DATA"], "full_size")
    contents = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    if not contents:
        sys.exit(f"{folder} holds no .jpg. Unset SKIN_LESION_DATA to draw some.")
    return contents


def draw_photographs(folder):
    from skin_lesion import make_lesion_images

    lesions = make_lesion_images(N_DRAWN, image_size=STORED_SIZE["usual"], random_state=0)
    path = folder / "drawn.jpg"
    contents = []
    for image in lesions.images:
        Image.fromarray(image).save(path, quality=90)
        contents.append(path.read_bytes())
    path.unlink()
    return contents
