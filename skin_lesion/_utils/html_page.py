"""Pages of HTML that are whole by themselves."""

import base64
import io

from PIL import Image


def wrap_page(title, body):
    """Return a page of HTML with lines of a body."""
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n</head>\n<body>",
            *body,
            "</body>\n</html>\n",
        ]
    )


def embed_photograph(pixels):
    """Return the tag of an image that holds the pixels, of shape (height, width, 3), as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return f'<img alt="" src="data:image/jpeg;base64,{_encode(file.getvalue())}">'


def embed_figure(png, alt):
    """Return the tag of an image that holds the bytes of a PNG file."""
    return f'<img alt="{alt}" src="data:image/png;base64,{_encode(png)}">'


def _encode(content):
    return base64.b64encode(content).decode("ascii")
