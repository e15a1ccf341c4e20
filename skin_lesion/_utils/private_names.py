"""Take what other libraries do not promise to keep, and say so where it is gone."""

from importlib import import_module
from importlib.metadata import version


def private_name(distribution, owner, name):
    """Return a private part of another library.

    Parameters
    ----------
    distribution : str
        The library, by the name under which it is installed.

    owner : str or object
        Where the part is: a module by its name, a class, or an object.

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
    """Return the error that says that a library has lost a name."""
    return ImportError(
        f"{distribution} {version(distribution)} has no {name}, which skin_lesion needs. Install an"
        f" older {distribution}, or a newer skin_lesion."
    )
