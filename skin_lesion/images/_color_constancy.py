"""Take the colour of the light out of photographs."""

from numbers import Real

import cv2
import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._image_transformer import ImageTransformer

_LEVELS = np.arange(256)


class ColorConstancy(ImageTransformer):
    """Make photographs look as if they were taken under white light.

    The colour of the light is estimated from the image as the Minkowski mean of each channel, and
    the channels are scaled until it is grey, at the same brightness. Clinics differ in lamps and
    cameras; a model that is shown their colours may learn the clinic.

    Parameters
    ----------
    method : {"shades_of_gray", "gray_world", "max_rgb"}, default="shades_of_gray"
        What is taken to be grey:

        - "shades_of_gray": the mean of order `power` [1]_, which weighs bright pixels more;
        - "gray_world": the mean, which is the one of order 1;
        - "max_rgb": the maximum of each channel, which is the mean of infinite order.

    power : float, default=6
        Order of the mean with "shades_of_gray", at least 1. 6 is best in [1]_ and in [2]_.

    gamma : float, default=None
        Exponent that makes light intensities out of pixels, above 0. Light is estimated and scaled
        in intensities then, and the result is encoded as the image was. [2]_ uses 2.2. None
        estimates and scales pixels as they are.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context; -1
        means all cores. The result is the same.

    See Also
    --------
    ImageLoader : Keeps cleaned images in its cache: ``ImageLoader(preprocess=ColorConstancy())``.

    Notes
    -----
    Grey images, and all others whose channels have equal means, are unchanged. Values that would
    leave the range are clipped. Black pixels, as in the dark around a round field of view, take no
    part. A channel that is zero everywhere stays so.

    Floating pixels are rounded for the estimate of the light alone.

    References
    ----------
    .. [1] G. D. Finlayson and E. Trezzi, "Shades of gray and colour constancy", Color and Imaging
       Conference 12, 37-41, 2004.
    .. [2] C. Barata, M. E. Celebi and J. S. Marques, "Improving dermoscopy image classification
       using color constancy", IEEE Journal of Biomedical and Health Informatics 19(3), 1146-1152,
       2015. :doi:`10.1109/JBHI.2014.2336473`

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import ColorConstancy, make_lesion_images
    >>> images = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0).images
    >>> reddish = np.rint(images * [1.0, 0.8, 0.7]).astype(np.uint8)
    >>> cleaned = ColorConstancy().fit_transform(reddish)
    >>> cleaned.shape, cleaned.dtype
    ((4, 32, 32, 3), dtype('uint8'))

    The skin, and all else with it, loses the cast:

    >>> np.rint(reddish.mean(axis=(0, 1, 2))).astype(int).tolist()
    [184, 105, 88]
    >>> np.rint(cleaned.mean(axis=(0, 1, 2))).astype(int).tolist()
    [134, 130, 128]
    """

    _parameter_constraints = {
        "method": [StrOptions({"shades_of_gray", "gray_world", "max_rgb"})],
        "power": [Interval(Real, 1, None, closed="left")],
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        **ImageTransformer._parameter_constraints,
    }

    def __init__(self, method="shades_of_gray", *, power=6, gamma=None, n_jobs=None):
        self.method = method
        self.power = power
        self.gamma = gamma
        self.n_jobs = n_jobs

    def _clean(self, image):
        gains = self._estimate_gains(image)
        if (gains == 1).all():
            return image
        if image.dtype == np.uint8:
            table = np.rint(np.minimum(_LEVELS[:, np.newaxis] * gains, 255)).astype(np.uint8)
            return cv2.LUT(image, table[:, np.newaxis])
        return np.minimum(image * gains.astype(image.dtype), 255)

    def _estimate_gains(self, image):
        rounded = image if image.dtype == np.uint8 else np.rint(image).astype(np.uint8)
        light = np.array([self._mean_light(rounded, channel) for channel in range(3)])
        is_lit = light > 0
        gains = np.ones(3)
        # Equal ones are left alone: rounding would let floating grey images drift by a last digit.
        if len(set(light[is_lit])) > 1:
            gains[is_lit] = np.sqrt(np.mean(light[is_lit] ** 2)) / light[is_lit]
        return gains if self.gamma is None else gains ** (1 / self.gamma)

    def _mean_light(self, image, channel):
        counts = cv2.calcHist([image], [channel], None, [256], [0, 256]).ravel()
        brightest = np.flatnonzero(counts)[-1]
        gamma = 1 if self.gamma is None else self.gamma
        highest = float(brightest) ** gamma
        if self.method == "max_rgb" or brightest == 0:
            return highest
        power = self.power if self.method == "shades_of_gray" else 1
        # Relative to the brightest, for large powers to stay within the range of floats.
        shares = (_LEVELS[: brightest + 1] / brightest) ** (gamma * power)
        mean = counts[: brightest + 1] @ shares / counts.sum(dtype=float)
        return highest * mean ** (1 / power)
