"""Links from estimators to their documentation."""

from functools import cache
from importlib.metadata import metadata


@cache
def documentation_url():
    """Return the address of the documentation in the package metadata, or an empty string."""
    for line in metadata("skin_lesion").get_all("Project-URL", []):
        label, _, url = line.partition(", ")
        if label.lower() == "documentation":
            return url.rstrip("/")
    return ""


class DocumentedMixin:
    """Links the HTML representation of an estimator to its page in the API reference.

    There is no link if the package metadata has no address of the documentation.
    """

    _doc_link_module = "skin_lesion"

    @property
    def _doc_link_template(self):
        url = documentation_url()
        return url and f"{url}/api/skin_lesion.{{estimator_name}}.html"
