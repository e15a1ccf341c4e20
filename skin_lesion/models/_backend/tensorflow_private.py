"""Private state of TensorFlow that must be cleared. Nothing here imports it early."""

from functools import cache, partial

import numpy as np

from ..._utils.private_names import missing_name, private_name

_take = partial(private_name, "tensorflow")
_PY_FUNCTIONS = "_py_funcs_used_in_graph"


def python_functions_of(graph):
    """Return the list of the Python functions that a graph calls."""
    _check_python_functions()
    if not hasattr(graph, _PY_FUNCTIONS):  # TensorFlow also creates it for the first function
        setattr(graph, _PY_FUNCTIONS, [])
    return getattr(graph, _PY_FUNCTIONS)


def clear_kernel_cache():
    """Let TensorFlow release the kernels of deleted functions."""
    _take(_take("tensorflow.python.eager.context", "context")(), "clear_kernel_cache")()


@cache
def _check_python_functions():
    """Check with a new graph that it is this list: the attribute is created on first use."""
    graph = _take("tensorflow", "Graph")()
    with graph.as_default():
        _take("tensorflow", "numpy_function")(np.zeros, [1], np.float64)
    if len(getattr(graph, _PY_FUNCTIONS, [])) != 1:
        raise missing_name("tensorflow", f"Graph.{_PY_FUNCTIONS}")
