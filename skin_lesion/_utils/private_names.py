"""Import private names of other libraries, and raise a clear error if one is gone."""

from importlib import import_module
from importlib.metadata import version


def private_name(distribution, owner, name):
    """Return a private attribute of another library.

    Parameters
    ----------
    distribution : str
        The name under which the library is installed.

    owner : str or object
        The owner of the attribute: the name of a module, a class, or an object.

    name : str

    Raises
    ------
    ImportError
        If the installed version has no such name.
    """
    try:
        return getattr(import_module(owner) if isinstance(owner, str) else owner, name)
    except (ImportError, AttributeError) as error:
        if not isinstance(owner, str):
            cls = owner if isinstance(owner, type) else type(owner)
            owner = f"{cls.__module__}.{cls.__qualname__}"
        raise missing_name(distribution, f"{owner}.{name}") from error


def missing_name(distribution, name):
    """Return an error that says that a library no longer has a name."""
    return ImportError(
        f"{distribution} {version(distribution)} has no {name}, which skin_lesion needs. Install an"
        f" older {distribution}, or a newer skin_lesion."
    )
