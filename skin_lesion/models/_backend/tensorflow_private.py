"""What TensorFlow keeps to itself, and has to be cleared. Nothing here imports it early."""

from functools import cache, partial

import numpy as np

from ..._utils.private_names import missing_name, private_name

_take = partial(private_name, "tensorflow")
_PY_FUNCTIONS = "_py_funcs_used_in_graph"


def python_functions_of(graph):
    """Return the list in which a graph keeps the Python functions that it calls."""
    _check_python_functions()
    if not hasattr(graph, _PY_FUNCTIONS):  # TensorFlow, too, makes it for the first of them
        setattr(graph, _PY_FUNCTIONS, [])
    return getattr(graph, _PY_FUNCTIONS)


def clear_kernel_cache():
    """Let TensorFlow forget the kernels of functions that are gone."""
    _take(_take("tensorflow.python.eager.context", "context")(), "clear_kernel_cache")()


@cache
def _check_python_functions():
    """Check with a graph of our own that it is this list: the attribute is made when needed."""
    graph = _take("tensorflow", "Graph")()
    with graph.as_default():
        _take("tensorflow", "numpy_function")(np.zeros, [1], np.float64)
    if len(getattr(graph, _PY_FUNCTIONS, [])) != 1:
        raise missing_name("tensorflow", f"Graph.{_PY_FUNCTIONS}")
