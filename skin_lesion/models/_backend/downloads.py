"""Let downloads of Keras fail within seconds if no server answers."""

import threading
from contextlib import contextmanager
from urllib import request
from urllib.error import HTTPError, URLError

from .keras_private import download_by

_PATIENCE = 10  # seconds
_of_thread = threading.local()


@contextmanager
def noted_downloads():
    """Record the downloads of Keras, and limit the wait for a server to seconds.

    The operating system waits for minutes if a firewall drops the packets.

    Yields
    ------
    downloads : list of (str, str)
        Address and path of each download that Keras has started in this thread.
    """
    download_by(_retrieve)
    _of_thread.downloads = downloads = []
    yield downloads


def _retrieve(address, path, report):
    getattr(_of_thread, "downloads", []).append((address, path))
    problems = []
    # A name lookup has no timeout, but it can be abandoned in a thread.
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
    except HTTPError:  # the server answers; the download itself reports the error
        return
    except OSError as error:
        problems.append(getattr(error, "reason", error))
