"""Check that every link inside a folder of HTML pages leads to a file and a place in it.

python tools/check_links.py docs/_build/html

Links to other sites are not followed: the check needs no network.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links of a page, and the places in it that a link can name."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = set(), {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.add(value)
            elif name == "srcset" and value:
                self.links |= {candidate.split()[0] for candidate in value.split(",")}
            elif name in ("id", "name") and value:
                self.places.add(value)


def broken_links(root):
    """Return (page, link) of each link that leads nowhere, the number of pages, and of links."""
    # Those in _static are templates of the theme, not pages.
    files = [file for file in sorted(root.rglob("*.html")) if "_static" not in file.parts]
    pages = {file: Page(file) for file in files}
    broken, n_links = [], 0
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            n_links += 1
            target = path.parent / unquote(parts.path) if parts.path else path
            target = target.resolve()
            # Behind ":~:" stand words that a browser highlights, if it finds them.
            place = unquote(parts.fragment).partition(":~:")[0]
            # What a place in a file that is no page means is for the browser to know.
            places = pages[target].places if target in pages else {place}
            if not target.is_file() or place not in places:
                broken.append((path.relative_to(root), link))
    return broken, len(pages), n_links


def main():
    root = Path(sys.argv[1]).resolve()
    broken, n_pages, n_links = broken_links(root)
    for page, link in broken:
        print(f"{page}: {link} leads nowhere")
    print(f"{n_links} links within {n_pages} pages, {len(broken)} broken")
    return 1 if broken or not n_pages else 0


if __name__ == "__main__":
    sys.exit(main())
