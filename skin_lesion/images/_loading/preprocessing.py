"""The steps with which a loader cleans each image that it decodes."""

from sklearn.pipeline import Pipeline

from .._cleaning.border_cropper import BorderCropper
from .._transformer import ImageTransformer

_SKIPPED = (None, "passthrough")


class Preprocessing:
    """The steps in their order. Steps up to the last cropper come before the resize.

    Parameters
    ----------
    preprocess : ImageTransformer, list, Pipeline or None
        The parameter of ImageLoader.

    Raises
    ------
    TypeError
        If a step is not an ImageTransformer.
    ValueError
        If a parameter of a step has an invalid value.

    Attributes
    ----------
    key : str
        Changes whenever the resulting pixels may change. Empty if there are no steps.

    crops : bool
        Whether there are steps before the resize.
    """

    def __init__(self, preprocess):
        steps = list(flatten_steps(preprocess))
        for step in steps:
            step._validate_params()
        n_before = max(
            (number for number, step in enumerate(steps, 1) if isinstance(step, BorderCropper)),
            default=0,
        )
        self._before, self._after = steps[:n_before], steps[n_before:]
        self.crops = n_before > 0
        self.key = _describe(steps)

    def before_resize(self, image):
        """Return an image, uint8 and RGB, of another size if it was cropped."""
        return _run(self._before, image)

    def after_resize(self, image):
        """Return an image, uint8 and RGB, of the same size."""
        return _run(self._after, image)


def _run(steps, image):
    for step in steps:
        image = step._clean(image)
    return image


def flatten_steps(preprocess):
    """Yield the transformers in the `preprocess` of an ImageLoader, in their order."""
    if isinstance(preprocess, Pipeline):
        preprocess = [step for _, step in preprocess.steps]
    if preprocess in _SKIPPED:
        return
    if isinstance(preprocess, (list, tuple)):
        for step in preprocess:
            yield from flatten_steps(step)
    elif isinstance(preprocess, ImageTransformer):
        yield preprocess
    else:
        raise TypeError(
            f"preprocess holds {preprocess!r}, of type {type(preprocess).__name__}. Expected"
            " ColorConstancy, HairRemover or BorderCropper, a list or a Pipeline of them, or None."
            " A cache has to know the steps that made its images. Put other transformers after the"
            " loader."
        )


def _describe(steps):
    """Return, as text, the steps and everything that their result depends on."""
    described = []
    for step in steps:
        parameters = {name: value for name, value in step.get_params().items() if name != "n_jobs"}
        values = ", ".join(f"{name}={value!r}" for name, value in sorted(parameters.items()))
        described.append(f"{type(step).__name__} {step._version} ({values})")
    return ", ".join(described)
