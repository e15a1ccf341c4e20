"""Remove the colour cast of the light from photographs."""

from numbers import Real

import cv2
import numpy as np

from ..._utils.sklearn_private import Interval, StrOptions
from .._transformer import ImageTransformer

# Gains that differ by less are equal: sums of floats depend on the order of the pixels.
_TOLERANCE = 1e-5


class ColorConstancy(ImageTransformer):
    """Make photographs look as if they were taken under white light.

    The colour of the light is estimated from the image as the Minkowski mean of each channel. The
    channels are then scaled so that this mean is grey, at the same brightness. Clinics differ in
    lamps and cameras. A model may learn to recognise the clinic by these colours.

    Parameters
    ----------
    method : {"shades_of_gray", "gray_world", "max_rgb"}, default="shades_of_gray"
        The estimate of the light, which is made grey:

        - "shades_of_gray": the mean of order `power` [1]_, which gives bright pixels more weight;
        - "gray_world": the arithmetic mean, which is the mean of order 1;
        - "max_rgb": the maximum of each channel, which is the mean of infinite order.

    power : float in [1, 20], default=6
        Order of the mean with "shades_of_gray". 6 is best in [1]_ and in [2]_. An order above 20
        would be nearly the same as "max_rgb".

    gamma : float in [0.1, 5], default=None
        Exponent that turns pixels into light intensities. The light is then estimated and scaled
        in intensities, and the result is encoded in the same way as the image. [2]_ uses 2.2. None
        estimates and scales pixels as they are.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    See Also
    --------
    ImageLoader : Keeps cleaned images in its cache: ``ImageLoader(preprocess=ColorConstancy())``.

    Notes
    -----
    Grey images, and all other images whose channels have equal means, are unchanged. Values beyond
    the range of pixels are clipped. Black pixels, such as those around a round field of view, do
    not affect the estimate. A channel that is zero everywhere stays zero.

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

    The image loses its colour cast:

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
        # Relative to the brightest, so that powers stay within the range of the dtype: above order
        # 15, that of 1/255 is beyond float32.
        power = self.power if self.method == "shades_of_gray" else 1
        dtype = np.float32 if gamma * power <= 15 else np.float64
        pixels = np.multiply(image, dtype(1 / brightest), dtype=dtype)
        if self.method == "max_rgb":
            light = cv2.reduce(pixels, 0, cv2.REDUCE_MAX)[0].max(axis=0).astype(float) ** gamma
        else:
            means = cv2.mean(cv2.pow(pixels, gamma * power))[:3]
            light = np.array(means) ** (1 / power)
        is_lit = light > 0
        gains = np.ones(3)
        gains[is_lit] = np.sqrt(np.mean(light[is_lit] ** 2)) / light[is_lit]
        return gains ** (1 / gamma)
