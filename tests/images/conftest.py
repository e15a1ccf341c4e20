"""What tests of the loader and of its cache share."""

import pytest

from skin_lesion.images._loading import cache as _cache


@pytest.fixture
def decoded(monkeypatch):
    """The paths that are decoded in this process."""
    decoded = []
    decode = _cache.decode_content

    def record(content, path, *args):
        decoded.append(path)
        return decode(content, path, *args)

    monkeypatch.setattr(_cache, "decode_content", record)
    return decoded
