"""Choose the network: fine-tuned where weights are at hand, otherwise from scratch."""

import numpy as np
from sklearn import clone

from ...models import AveragedClassifier, make_lesion_classifier
from .._options import describe_error


def make_model(arguments, preset):
    """Return the classifier of a preset, with what else the arguments say. It is not fitted."""
    model = make_lesion_classifier(
        preset,
        backbone="cnn" if arguments.from_scratch else arguments.backbone,
        weights=arguments.weights or "imagenet",
        random_state=arguments.random_state,
    )
    settings = {"batch_size": arguments.batch_size}
    if arguments.epochs is not None:
        settings["epochs"] = arguments.epochs
    if arguments.image_size is not None:
        height, width = np.broadcast_to(arguments.image_size, 2).tolist()
        settings["loader__image_size"] = height, width
    return set_networks(model, **settings)


def check_network(arguments):
    """Say what will be trained, and take to training from scratch where there are no weights.

    Raises
    ------
    ValueError, OSError
        If the backbone is not known, images are too small for it, or --weights cannot be read.
    """
    arguments.from_scratch |= arguments.backbone == "cnn"
    problem = None if arguments.from_scratch else _find_problem(arguments)
    if problem is not None and arguments.preset == "best" and arguments.backbone is None:
        print(f"Preset best uses one network instead of two: {describe_error(problem)}")
        arguments.backbone = networks_of(make_lesion_classifier())[0].architecture.name
        problem = _find_problem(arguments)
    if problem is not None:
        print(f"No pretrained weights: {describe_error(problem)}")
        arguments.from_scratch = True
    if arguments.from_scratch:
        print("Network: ConvNet, trained from scratch. A pretrained network would score higher.")
    else:
        networks = networks_of(make_model(arguments, arguments.preset))
        names = " and ".join(network.architecture.name for network in networks)
        source = arguments.weights or "ImageNet"
        print(f"Network: {names}, fine-tuned from {source} weights.")


def use_size_of_arrays(images, arguments):
    """Take the size of images that are arrays, as in DermaMNIST, for that of the networks.

    Raises
    ------
    ValueError
        If the arguments name another size, or images are too small for the backbone.
    """
    if images.ndim == 2:  # paths
        return
    size = images.shape[1:3]
    if arguments.image_size is not None and size != (arguments.image_size,) * 2:
        raise ValueError(
            f"--image-size is {arguments.image_size}, and the images are arrays of"
            f" {size[0]} x {size[1]} pixels, which are not resized. Leave out --image-size."
        )
    arguments.image_size = size
    if arguments.from_scratch:
        return
    try:
        _find_problem(arguments)
    except ValueError as error:  # at the usual size, check_network has found no problem
        raise ValueError(
            f"The images are arrays of {size[0]} x {size[1]} pixels, which are not resized and too"
            " small for the pretrained network. Expected larger images: pass --from-scratch, whose"
            " network takes small images, or a file of larger ones, such as dermamnist_224.npz."
        ) from error


def _find_problem(arguments):
    """Return why the weights cannot be had, or None. Those of --weights must be had."""
    try:
        for network in networks_of(make_model(arguments, arguments.preset)):
            clone(network.architecture)((*network.loader.image_size, 3), 2)
    except (OSError, ImportError) as error:
        if arguments.weights is not None:
            raise
        return error
    return None


def networks_of(model):
    """Return the networks inside of a model: fitted ones of a fitted model."""
    wrapped = [model]
    if isinstance(model, AveragedClassifier):
        wrapped = getattr(model, "estimators_", model.estimators)
    return [getattr(each, "estimator_", each.estimator) for each in wrapped]


def prefixes_of(model):
    """Return by what the names of parameters of each network begin."""
    if isinstance(model, AveragedClassifier):
        return [f"estimator_{place}__estimator__" for place in range(len(model.estimators))]
    return ["estimator__"]


def set_networks(model, **settings):
    """Set parameters of all networks inside of a model, and return it."""
    return model.set_params(
        **{
            f"{prefix}{name}": value
            for prefix in prefixes_of(model)
            for name, value in settings.items()
        }
    )
