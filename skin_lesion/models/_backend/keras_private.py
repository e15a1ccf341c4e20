"""Private names of Keras that training needs. Nothing here imports Keras early."""

from functools import partial
from importlib import import_module

from ..._utils import lazy_keras as keras
from ..._utils.private_names import private_name

_take = partial(private_name, "keras")
_FILES = "keras.src.utils.file_utils"
_SEEDS = "keras.src.random.seed_generator"
_NAMES = "keras.src.saving.object_registration"

# Classes that files of Keras name by their private module.
CLASSES_IN_FILES = {
    "keras.src.applications.convnext": "LayerScale",
    "keras.src.models.functional": "Functional",
    "keras.src.ops.numpy": "Add Flip GetItem Multiply Subtract",
}


def average_from_here(swap):
    """Let the averages that a SwapEMAWeights swaps start from the weights of its network."""
    _take(swap, "_finalize_ema_values")()


def download_by(retrieve):
    """Let Keras download files with a function in place of :func:`urllib.request.urlretrieve`.

    Parameters
    ----------
    retrieve : callable
        Takes an address, a path, and a function to report progress to.
    """
    _take(_FILES, "urlretrieve")
    import_module(_FILES).urlretrieve = retrieve


def draw_default_seeds_from(source):
    """Let Keras draw its default seeds from `source` instead of Python's `random`.

    Parameters
    ----------
    source : object
        With a method `randint`.
    """
    _take(_SEEDS, "make_default_seed")
    _take(_SEEDS, "python_random")
    import_module(_SEEDS).python_random = source


def draw_dropout_from_own_seeds(model):
    """Let layers without a seed draw from their own generators on PyTorch, too.

    There, Keras lets a dropout without a seed draw from the generator of the process.
    """
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            is_generator = isinstance(value, keras.random.SeedGenerator)
            if is_generator and _take(value, "_initial_seed") is None:
                value._initial_seed = 0  # its state stays the same


def excludes_from_weight_decay(optimizer):
    """Return whether `exclude_from_weight_decay` was called. Its record is not part of a copy."""
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(optimizer, name, None) for name in names)


def forget_names_of_own_classes():
    """Let files name the classes of Keras as Keras does, whoever registered them as custom ones."""
    names, objects = _take(_NAMES, "GLOBAL_CUSTOM_NAMES"), _take(_NAMES, "GLOBAL_CUSTOM_OBJECTS")
    for cls, name in list(names.items()):
        # A custom class of no package. Keras itself registers some classes, with a package.
        if name == f">{cls.__name__}" and cls.__module__.startswith("keras."):
            objects.pop(names.pop(cls), None)


def preprocess_input_of(application):
    """Return the function that prepares pixels for a network of keras.applications.

    The public modules of some applications do not contain the application itself.
    """
    return _take(application.__module__, "preprocess_input")


def skip_gradient_sum(optimizer):
    """Let an optimizer on TensorFlow use gradients without a sum over replicas."""
    _take(optimizer, "_all_reduce_sum_gradients")
    optimizer._all_reduce_sum_gradients = list
