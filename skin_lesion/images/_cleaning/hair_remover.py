"""Paint over hair with the colours beside it."""

from numbers import Real

import cv2
import numpy as np

from ..._utils.sklearn_private import Interval
from .._transformer import ImageTransformer
from .hair_lines import find_dark_lines, take_brightest_channel

_MIN_SIDE = 16  # pixels; in smaller images, a hair does not look like a line
_SEARCHED_SIDE = 224  # hair is searched for at this size, whatever the size of the image
_MAX_ENLARGEMENT = 3
_AGREEMENT = 80  # of 255; above, a pixel of the mask counts as hair after it is resized
_INPAINT_RADIUS = 2  # pixels; time grows with its square, and larger radii blur


class HairRemover(ImageTransformer):
    """Remove dark hair from photographs.

    The method follows DullRazor [1]_. A black-hat, which is a closing minus the image, finds dark
    and thin structures. Long and straight ones are hair. OpenCV's inpainting [2]_ fills them with
    the colours beside them.

    DullRazor uses closings along lines. Here, straight pieces are searched for in the black-hat of
    the brightest channel, and compared with the black-hat around them and in other directions.
    Meshes of a pigment network, skin furrows and vessels are thin and dark, too, but they are
    everywhere, or not straight.

    Parameters
    ----------
    width : float in (0, 0.2], default=0.04
        Largest width of a hair, as a fraction of the shorter side of the image.

    length : float in [0.03, 0.5], default=0.12
        Smallest length over which a hair is straight, as a fraction of the shorter side.

    contrast : float in (0, 255), default=12
        Smallest number of grey levels by which a hair is darker than the pixels on both sides.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    See Also
    --------
    ImageLoader : Keeps cleaned images in its cache: ``ImageLoader(preprocess=HairRemover())``.

    Notes
    -----
    Only pixels of hair change, so most images without hair are unchanged. Hair that is lighter than
    the skin stays, because shiny white lines are a sign of melanoma. Stubble stays, too, and so
    does some of very dense hair. Ruler marks may be removed with the hair.

    Images are resized to a shorter side of 224 pixels for the search, but enlarged by a factor of
    at most 3. The result is therefore nearly the same for all sizes of a photograph. Images with a
    side of less than 16 pixels are unchanged.

    In images of a floating dtype, replaced pixels are rounded, and other pixels are unchanged.

    References
    ----------
    .. [1] T. Lee, V. Ng, R. Gallagher, A. Coldman and D. McLean, "DullRazor: A software approach to
       hair removal from images", Computers in Biology and Medicine 27(6), 533-543, 1997.
       :doi:`10.1016/S0010-4825(97)00020-6`
    .. [2] A. Telea, "An image inpainting technique based on the fast marching method", Journal of
       Graphics Tools 9(1), 23-34, 2004. :doi:`10.1080/10867651.2004.10487596`

    Examples
    --------
    >>> import numpy as np
    >>> from PIL import Image, ImageDraw
    >>> from skin_lesion import HairRemover, make_lesion_images
    >>> clean = make_lesion_images(2, n_classes=2, image_size=(128, 128), random_state=0).images[0]
    >>> photograph = Image.fromarray(clean)
    >>> ImageDraw.Draw(photograph).line([(5, 10), (110, 120)], fill=(40, 30, 25), width=2)
    >>> hairy = np.asarray(photograph)
    >>> cleaned = HairRemover().fit_transform(hairy)
    >>> cleaned.shape, cleaned.dtype
    ((128, 128, 3), dtype('uint8'))
    >>> before = np.abs(hairy.astype(int) - clean).mean()
    >>> after = np.abs(cleaned.astype(int) - clean).mean()
    >>> bool(after < 0.2 * before)
    True
    """

    _parameter_constraints = {
        "width": [Interval(Real, 0, 0.2, closed="right")],
        "length": [Interval(Real, 0.03, 0.5, closed="both")],
        "contrast": [Interval(Real, 0, 255, closed="neither")],
        **ImageTransformer._parameter_constraints,
    }

    def __init__(self, *, width=0.04, length=0.12, contrast=12, n_jobs=None):
        self.width = width
        self.length = length
        self.contrast = contrast
        self.n_jobs = n_jobs

    def _clean(self, image):
        if min(image.shape[:2]) < _MIN_SIDE:
            return image
        is_uint8 = image.dtype == np.uint8
        pixels = np.ascontiguousarray(image if is_uint8 else np.rint(image).astype(np.uint8))
        hair = self._find_hair(pixels)
        # If all pixels are hair, there is nothing to fill them with.
        if not hair.any() or hair.all():
            return image
        filled = cv2.inpaint(pixels, hair, _INPAINT_RADIUS, cv2.INPAINT_TELEA)
        if is_uint8:
            return filled
        return np.where(hair[..., np.newaxis], filled, image).astype(image.dtype)

    def _find_hair(self, pixels):
        """Return a mask, uint8, that is nonzero in hair."""
        height, width = pixels.shape[:2]
        scale = min(_SEARCHED_SIDE / min(height, width), _MAX_ENLARGEMENT)
        size = round(scale * width), round(scale * height)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        hair = find_dark_lines(
            cv2.resize(take_brightest_channel(pixels), size, interpolation=how),
            width=self.width,
            length=self.length,
            contrast=self.contrast,
        )
        how = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_AREA
        hair = cv2.resize(hair, (width, height), interpolation=how)
        return cv2.threshold(hair, _AGREEMENT, 255, cv2.THRESH_BINARY)[1]
