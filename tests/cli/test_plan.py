"""What is searched and fitted within the time that is allowed."""

import copy
import io
import json
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler

from skin_lesion import ConvNet, TestTimeAugmentation, load_image_folder
from skin_lesion.cli._arguments.parse import parse_arguments
from skin_lesion.cli._train import plan as _plan
from skin_lesion.cli._train import search as _search
from skin_lesion.cli._train.data import SplitData
from skin_lesion.cli._train.fit_times import FitTimes, measure
from skin_lesion.cli._train.network import make_model, networks_of
from skin_lesion.cli._train.plan import Plan, choose_plan, list_candidates, load_plan, say_arguments
from skin_lesion.cli._train.progress import Progress

N_IMAGES = 1000  # half of them for the test
START, STEP = 4.0, 0.1  # seconds of the networks in these tests


@pytest.fixture
def data():
    y = np.resize(np.array(["melanoma", "nevus", "nevus"]), N_IMAGES)
    X = np.array([[f"{number}.jpg"] for number in range(N_IMAGES)])
    is_test = np.arange(N_IMAGES) % 2 == 1
    return SplitData(X, y, np.arange(N_IMAGES), pd.DataFrame(index=range(N_IMAGES)), is_test, "")


@pytest.fixture
def choose(data, monkeypatch):
    """Choose a plan on a machine of known speed."""
    monkeypatch.setattr(_plan, "measure", lambda *_: [(START, STEP)])

    def choose(*options, spent=0):
        arguments = parse_arguments(["train", "lesions", *options])
        arguments.from_scratch = False
        candidates = list_candidates(data.y[~data.is_test], 0)
        plan = choose_plan(data, arguments, candidates, time.monotonic() - spent)
        return SimpleNamespace(**vars(plan), text=plan.describe(arguments))

    return choose


def test_more_time_buys_folds_then_candidates(choose):
    plans = [choose("--preset", "fast", "--minutes", minutes) for minutes in "12345"]
    assert [plan.n_folds for plan in plans if plan.candidates] == sorted(
        plan.n_folds for plan in plans if plan.candidates
    )
    assert {plan.n_folds for plan in plans} == {2, 3}
    n_candidates = [len(plan.candidates) for plan in plans]
    assert n_candidates[0] == 0
    assert "The time allows no cross-validation" in plans[0].text
    assert n_candidates[-1] >= 2
    for minutes, plan in enumerate(plans, 1):
        assert sum(plan.expected) <= 60 * minutes
        assert len(plan.expected) == 1 + plan.n_folds * len(plan.candidates)


def test_what_was_done_before_is_part_of_the_time(choose):
    at_once = choose("--preset", "fast", "--minutes", "5")
    late = choose("--preset", "fast", "--minutes", "5", spent=150)
    assert sum(late.expected) + 150 <= 300
    assert sum(late.expected) < sum(at_once.expected)


@pytest.mark.parametrize("n_test", [100, 900])
def test_the_report_of_a_larger_test_set_leaves_less_time(choose, data, monkeypatch, n_test):
    data.is_test = np.arange(N_IMAGES) % 10 < n_test // 100
    now = time.monotonic()
    clock = SimpleNamespace(**{**vars(time), "monotonic": lambda: now})
    monkeypatch.setattr(_plan, "time", clock)
    plan = choose("--preset", "fast", "--minutes", "2", "--epochs", "500")
    assert plan.expected == pytest.approx([120 - 25 - 0.015 * n_test], abs=3)
    assert "About 2 minutes, until" in plan.text


def test_folds_that_are_asked_for_are_kept(choose):
    assert choose("--preset", "fast", "--minutes", "60", "--folds", "5").n_folds == 5
    plan = choose("--preset", "fast", "--minutes", "2", "--folds", "5")
    assert (plan.candidates, plan.n_folds) == ([], 5)


def test_the_model_that_is_fitted_is_cross_validated_where_time_allows(choose):
    plan = choose("--preset", "good", "--minutes", "12")
    assert (plan.searched_preset, plan.final_preset) == ("good", "good")
    plan = choose("--preset", "good", "--minutes", "3")
    assert (plan.searched_preset, plan.final_preset) == ("fast", "good")
    assert "at 96 x 128 pixels, then a final fit on all training images at 192 x 256" in plan.text


def test_no_time_at_all_trains_an_epoch(choose):
    plan = choose("--preset", "fast", "--minutes", "0.001")
    assert plan.shortened == 0
    assert "--minutes 0.001 shortens the final fit to 0% of its epochs, and to no less" in plan.text
    plan = choose("--preset", "fast", "--minutes", "0.001", "--epochs", "1")
    assert "weaker" not in plan.text
    assert "The one epoch takes longer than --minutes allows." in plan.text


def test_a_plan_that_goes_on_does_not_say_how_long_the_whole_took(data, tmp_path, monkeypatch):
    monkeypatch.setattr(_plan, "measure", lambda *_: [(START, STEP)])
    arguments = parse_arguments(["train", "lesions", "--preset", "fast"])
    candidates = list_candidates(data.y[~data.is_test], 0)
    plan = choose_plan(data, arguments, candidates, time.monotonic())
    plan.save(tmp_path / "plan.json", say_arguments(arguments))
    again = load_plan(tmp_path / "plan.json", candidates)
    assert again.candidates == plan.candidates
    before, after = (each.describe(arguments).splitlines() for each in (plan, again))
    assert before[0].startswith(f"{after[0]} About ")
    assert before[1:] == after[1:]


@pytest.mark.parametrize("change", ["cut", "lacks", "has more"])
def test_a_plan_that_cannot_be_read_is_named(data, tmp_path, monkeypatch, change):
    monkeypatch.setattr(_plan, "measure", lambda *_: [(START, STEP)])
    arguments = parse_arguments(["train", "lesions", "--preset", "fast"])
    candidates = list_candidates(data.y[~data.is_test], 0)
    path = tmp_path / "plan.json"
    choose_plan(data, arguments, candidates, time.monotonic()).save(path, {})
    content = json.loads(path.read_text())
    if change == "lacks":
        del content["n_folds"]
    content |= {"of_a_later_version": 1} if change == "has more" else {}
    path.write_text("{" if change == "cut" else json.dumps(content))
    with pytest.raises(ValueError, match=r"plan\.json is damaged, .* Leave out --resume"):
        load_plan(path, candidates)


def test_the_candidate_with_the_highest_score_is_fitted(data, tmp_path, monkeypatch):
    scores = [{"balanced_accuracy": 0.6}, {"balanced_accuracy": 0.7}]
    monkeypatch.setattr(_search, "_search", lambda *_: scores)
    monkeypatch.setattr(TestTimeAugmentation, "fit", lambda self, X, y: self)
    candidates = list_candidates(data.y, 0)[:2]
    plan = Plan("fast", "fast", 2, candidates, candidates[0], [1.0] * 3, [])
    arguments = parse_arguments(["train", "lesions", "--from-scratch"])
    saved = []
    model, _ = _search.fit_plan(data, plan, arguments, tmp_path, saved.append)
    assert saved == [model]
    (network,) = networks_of(model)
    assert isinstance(network.sampler, RandomOverSampler)


def test_the_folds_of_the_search_keep_lesions_whole(data, tmp_path, monkeypatch):
    data.groups = np.arange(N_IMAGES) // 10  # five training images each
    folds = []

    class Recording:
        cv_results_ = {}

        def __init__(self, *_, cv, **options):
            folds.extend(cv)

        def fit(self, X, y):
            return self

    monkeypatch.setattr(_search, "GridSearchCV", Recording)
    arguments = parse_arguments(["train", "lesions", "--from-scratch"])
    plan = Plan("fast", "fast", 3, [], None, [], [])
    _search._search(data, plan, arguments, tmp_path, None)
    _, _, groups = data.part(is_test=False)
    assert len(folds) == 3
    assert not any(set(groups[train]) & set(groups[test]) for train, test in folds)


def test_a_search_may_copy_what_shows_its_progress_on_a_terminal(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO())  # which has no copy
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress([1.0], [1])
    try:
        scoring = _search._Scoring({}, progress, (name for name in ["a fold"]))
        assert copy.deepcopy(scoring) is scoring  # scikit-learn 1.8 does so
    finally:
        progress.close()
    assert "0%" in terminal.buffer.getvalue().decode()


def test_all_that_the_final_network_computes_has_its_price():
    arguments = parse_arguments(["train", "lesions", "--epochs", "1", "--batch-size", "10"])
    arguments.from_scratch = False
    paces = {"good": [(0.0, 30.0)]}  # so an image to predict takes a second
    candidate = list_candidates(np.array(["melanoma", "nevus"]), 0)[0]
    without, with_test = (
        FitTimes(paces, (2000, n_test), arguments).of_plan("good", "good", [candidate], 2)[-1]
        for n_test in (0, 300)
    )
    # The image and 7 variants; and once more, to tell whether it is unlike those of training.
    assert with_test - without == pytest.approx(300 * 9)
    few = FitTimes(paces, (0, 0), arguments).of_plan("good", "good", [candidate], 2)[-1]
    assert without - few == pytest.approx(2000 / 10 * 30 * 1.4 + 1000)


def test_a_set_of_two_batches_is_measured(root, monkeypatch):
    monkeypatch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(8,)))
    lesions = load_image_folder(root)
    arguments = parse_arguments(["train", str(root), "--from-scratch", "--image-size", "16"])
    X, y = lesions.data[:40], lesions.target[:40]
    ((start, step),) = measure(make_model(arguments, "fast"), X, y, arguments)
    assert 0 < step < start


def test_steps_are_measured_on_a_set_with_a_rare_class(root, monkeypatch):
    monkeypatch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(8,)))
    lesions = load_image_folder(root)
    options = ("--from-scratch", "--image-size", "16", "--batch-size", "1")
    arguments = parse_arguments(["train", str(root), *options])
    is_rare = lesions.target == "melanoma"
    rows = [*np.resize(np.flatnonzero(~is_rare), 1000), *np.flatnonzero(is_rare)[:1]]
    X, y = lesions.data[rows], lesions.target[rows]
    ((_, step),) = measure(make_model(arguments, "fast"), X, y, arguments)
    assert step > 0
