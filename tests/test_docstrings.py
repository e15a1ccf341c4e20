"""Every public name, method and property is documented, in the form of numpydoc."""

import inspect
import re

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

import skin_lesion

# What numpydoc would like and this library does not hold itself to.
NOT_ASKED = {
    "ES01",  # what a summary says in full needs no further paragraph
    "SA01",  # not everything has a relative
    "RT02",  # returned values have a name, as in scikit-learn
}
# The example of a method is that of its class.
NOT_ASKED_OF_METHODS = NOT_ASKED | {"EX01"}
# Functions make these, whose examples show them; their constructors are private.
MADE_BY_FUNCTIONS = {"DatasetAudit", "EvaluationReport", "ExternalEvaluation"}


def is_ours(member):
    definition = member.fget if isinstance(member, property) else member
    return (getattr(definition, "__module__", None) or "").startswith("skin_lesion")


def documented_names():
    for name in skin_lesion.__all__:
        public = getattr(skin_lesion, name)
        yield name
        if inspect.isclass(public):
            for member in dir(public):
                if not member.startswith("_") and is_ours(getattr(public, member)):
                    yield f"{name}.{member}"


@pytest.mark.parametrize("name", list(documented_names()))
def test_docstring_is_complete(name):
    not_asked = NOT_ASKED_OF_METHODS if "." in name else NOT_ASKED
    if name in MADE_BY_FUNCTIONS:
        not_asked = NOT_ASKED | {"EX01", "PR01"}
    errors = validate(f"skin_lesion.{name}")["errors"]

    assert [f"{code}: {text}" for code, text in errors if code not in not_asked] == []


def fitted_attributes(public):
    """Name what the code of a class, and of its bases in this library, stores with a trailing _."""
    sources = [inspect.getsource(base) for base in public.__mro__ if is_ours(base)]
    return set(re.findall(r"\bself\.([a-z]\w*_)\b(?=[^\n(=]* = )", "\n".join(sources)))


@pytest.mark.parametrize(
    "name", [name for name in skin_lesion.__all__ if inspect.isclass(getattr(skin_lesion, name))]
)
def test_fitted_attributes_are_documented(name):
    public = getattr(skin_lesion, name)
    documented = {
        attribute.strip()
        for parameter in ClassDoc(public)["Attributes"]
        for attribute in parameter.name.split(",")
    }

    assert fitted_attributes(public) <= documented


def test_fitted_attributes_are_found():
    assert "sample_indices_" in fitted_attributes(skin_lesion.ImageSampler)
    assert {"ax_", "figure_"} <= fitted_attributes(skin_lesion.TrainingCurveDisplay)


def test_methods_and_properties_are_among_the_names():
    names = set(documented_names())

    assert {"SkinLesionClassifier.fit", "TestTimeAugmentation.classes_"} <= names
    assert "SkinLesionClassifier.get_params" not in names
