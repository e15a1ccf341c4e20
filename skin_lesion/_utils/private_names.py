"""Take what other libraries do not promise to keep, and say so where it is gone."""

from importlib import import_module
from importlib.metadata import version


def private_name(distribution, module, name):
    """Return a private object of another library.

    Parameters
    ----------
    distribution : str
        The library, by the name under which it is installed.

    module, name : str
        Where the object is.

    Raises
    ------
    ImportError
        If the installed version has no such name.
    """
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"{distribution} {version(distribution)} has no {module}.{name}, which skin_lesion"
            f" needs. Install an older {distribution}, or a newer skin_lesion."
        ) from error
