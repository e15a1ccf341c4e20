"""Take the colour of the light out of photographs."""

from numbers import Real

import cv2
import numpy as np

from ..._utils.sklearn_private import Interval, StrOptions
from .._transformer import ImageTransformer

# Gains that differ by less are equal: sums of floats depend on the order of the pixels.
_TOLERANCE = 1e-5


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

    power : float in [1, 20], default=6
        Order of the mean with "shades_of_gray". 6 is best in [1]_ and in [2]_. One that is higher
        than 20 would be "max_rgb".

    gamma : float in [0.1, 5], default=None
        Exponent that makes light intensities out of pixels. Light is estimated and scaled
        in intensities then, and the result is encoded as the image was. [2]_ uses 2.2. None
        estimates and scales pixels as they are.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. The result is the same.

    See Also
    --------
    ImageLoader : Keeps cleaned images in its cache: ``ImageLoader(preprocess=ColorConstancy())``.

    Notes
    -----
    Grey images, and all others whose channels have equal means, are unchanged. Values that would
    leave the range are clipped. Black pixels, as in the dark around a round field of view, take no
    part. A channel that is zero everywhere stays so.

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
    [180, 104, 87]
    >>> np.rint(cleaned.mean(axis=(0, 1, 2))).astype(int).tolist()
    [132, 128, 126]
    """

    _parameter_constraints = {
        "method": [StrOptions({"shades_of_gray", "gray_world", "max_rgb"})],
        "power": [Interval(Real, 1, 20, closed="both")],
        "gamma": [Interval(Real, 0.1, 5, closed="both"), None],
        **ImageTransformer._parameter_constraints,
    }

    def __init__(self, method="shades_of_gray", *, power=6, gamma=None, n_jobs=None):
        self.method = method
        self.power = power
        self.gamma = gamma
        self.n_jobs = n_jobs

    def _clean(self, image):
        gains = self._estimate_gains(image)
        if np.abs(gains - 1).max() < _TOLERANCE:
            return image
        if image.dtype == np.uint8:
            return cv2.transform(image, np.diag(gains))
        return np.minimum(image * gains.astype(image.dtype), 255)

    def _estimate_gains(self, image):
        gamma = 1 if self.gamma is None else self.gamma
        brightest = float(image.max())
        if brightest == 0:
            return np.ones(3)
        # Relative to the brightest, for powers to stay within the range of float32.
        pixels = np.multiply(image, np.float32(1 / brightest), dtype=np.float32)
        if self.method == "max_rgb":
            light = cv2.reduce(pixels, 0, cv2.REDUCE_MAX)[0].max(axis=0).astype(float) ** gamma
        else:
            power = self.power if self.method == "shades_of_gray" else 1
            means = cv2.mean(cv2.pow(pixels, gamma * power))[:3]
            light = np.array(means) ** (1 / power)
        is_lit = light > 0
        gains = np.ones(3)
        gains[is_lit] = np.sqrt(np.mean(light[is_lit] ** 2)) / light[is_lit]
        return gains ** (1 / gamma)
