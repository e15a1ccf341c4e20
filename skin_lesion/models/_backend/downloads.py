"""Downloads of Keras that end in seconds where no server answers."""

import threading
from contextlib import contextmanager
from urllib import request
from urllib.error import HTTPError, URLError

from .keras_private import download_by

_PATIENCE = 10  # seconds
_of_thread = threading.local()


@contextmanager
def noted_downloads():
    """Note what Keras downloads, and let it wait for an answer for seconds.

    The system waits for minutes where a firewall drops what is sent.

    Yields
    ------
    downloads : list of (str, str)
        Address and path of each download of this thread that Keras has begun.
    """
    download_by(_retrieve)
    _of_thread.downloads = downloads = []
    yield downloads


def _retrieve(address, path, report):
    getattr(_of_thread, "downloads", []).append((address, path))
    problems = []
    # Nothing limits the time in which a name is looked up, but it can be left behind in a thread.
    thread = threading.Thread(target=_ask, args=(address, problems), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if thread.is_alive():
        problems.append(f"no answer within {_PATIENCE} seconds")
    if problems:
        raise URLError(problems[0])
    return request.urlretrieve(address, path, report)


def _ask(address, problems):
    try:
        request.urlopen(request.Request(address, method="HEAD"), timeout=_PATIENCE).close()
    except HTTPError:  # an answer: what it means, the download says
        return
    except OSError as error:
        problems.append(getattr(error, "reason", error))
