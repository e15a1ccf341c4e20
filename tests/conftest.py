"""What tests of several rooms share."""

import gc
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import settings

# Until all tests are collected: what is imported and collected stays, a million objects that every
# later collection of garbage would go through again.
gc.disable()

# The same examples in every run, whatever the machine is busy with.
settings.register_profile("reproducible", derandomize=True, deadline=None, database=None)
settings.load_profile("reproducible")
# Others in every run, and many: pytest --hypothesis-profile fuzz.
settings.register_profile("fuzz", derandomize=False, max_examples=2000, deadline=None)

# Those that apply to an estimator whose X is images or paths: they need no two-dimensional X of
# numbers. All are in scikit-learn 1.8 and 1.9.
COMMON_CHECKS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_param_validation",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)

# The files of about ten seconds and more on one core, the longest first. "make test" begins with
# them: if one of them came last, a worker would be at it alone. A file that is missing here costs
# no more than that. Measure with --durations=60; a file of a minute or more is better two.
LONGEST_FILES = (
    "tests/models/test_classifier.py",
    "tests/models/persistence/test_save_model.py",
    "tests/models/checkpoint/test_fit_checkpoint.py",
    "tests/models/training/test_recipe.py",
    "tests/cli/test_train.py",
    "tests/reliability/test_signals.py",
    "tests/models/training/test_warm_start.py",
    "tests/models/test_estimator_checks.py",
    "tests/models/test_in_scikit_learn.py",
    "tests/models/networks/test_backbone.py",
    "tests/cli/test_predict_and_evaluate.py",
    "tests/models/onnx/test_onnx.py",
    "tests/models/training/test_own_validation_set.py",
    "tests/images/loading/test_cache.py",
    "tests/models/training/test_divergence.py",
    "tests/models/training/test_computed_once.py",
    "tests/evaluation/explain/test_activation_maps.py",
    "docs/strong_models.rst",
    "tests/models/backend/test_fold_normalization.py",
    "tests/evaluation/report/test_evaluate.py",
    "tests/test_project.py",
    "tests/utils/test_n_jobs.py",
    "tests/models/test_inputs.py",
    "tests/models/training/test_priors.py",
    "tests/models/training/test_validation_split.py",
    "docs/judge_your_model.rst",
    "docs/how_to/ugly_duckling.rst",
    "tests/reliability/test_any_input.py",
    "tests/models/training/test_resources.py",
    "tests/models/training/test_progress.py",
    "tests/datasets/drawn/test_make.py",
    "tests/reliability/test_wrong_input.py",
    "tests/audit/test_audit.py",
    "tests/audit/quality/test_shortcuts.py",
    "tests/models/networks/test_efficientnet_lite.py",
    "docs/save_and_share.rst",
    "docs/laptop_to_cluster.rst",
    "docs/how_to/groups.rst",
    "tests/evaluation/external/test_evaluate_external.py",
)


def pytest_configure(config):
    """Keep the order of files: xdist begins with those of the most tests, which are short ones."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Put the longest files first, and leave the order of the tests within a file."""
    root = Path(__file__).parents[1]
    places = {root / name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.fixture(params=COMMON_CHECKS)
def common_check(request):
    """One of scikit-learn's common checks, as a function of an estimator."""
    from sklearn.utils import estimator_checks

    check = getattr(estimator_checks, request.param)
    return lambda estimator: check(type(estimator).__name__, estimator)


class _Page(HTMLParser):
    """Notes the links, and tags that are closed in another order than they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.links, self.places = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        self.places += [f"#{value}" for name, value in attributes if name == "id"]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture
def read_links():
    """Return a function that reads a page of HTML for the links that lead out of it.

    Its tags must be balanced, and its table of contents must lead to all of its sections.
    """

    def read(page):
        parser = _Page()
        parser.feed(page)
        assert parser.wrong == parser.open == []
        assert [link for link in parser.links if link.startswith("#")] == parser.places != []
        assert len(set(parser.places)) == len(parser.places)
        return [link for link in parser.links if not link.startswith("#")]

    return read


@pytest.fixture
def few_trees(monkeypatch):
    """Measure shortcuts with two trees, of which nearly all of the time of an audit would go.

    What they tell is tested in audit/quality/test_shortcuts.py, with all of them.
    """
    from skin_lesion.audit._quality import shortcuts as _shortcuts

    make = _shortcuts.make_shortcut_model
    monkeypatch.setattr(
        _shortcuts,
        "make_shortcut_model",
        lambda **options: make(**options).set_params(n_estimators=2),
    )
