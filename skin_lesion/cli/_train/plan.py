"""Choose what to search within the time that is allowed."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn import clone

from ..._utils.atomic_writing import write_text
from ...audit import say
from ...models import count_epochs
from .network import make_model, networks_of
from .progress import MeasureSteps

_MINUTES = {"fast": 5, "good": 25, "best": 180}
_STEPS_MEASURED = 8
# Of the slowest network here, on one slow core. Where all fits in so, nothing is measured.
_SLOW_PIXELS = 3e5  # a second
_SLOW_START = 5  # seconds
_FIRST_LOOK = 0.4  # of an epoch: the features that the output layer is fitted to
_OF_A_STEP = 1 / 3  # prediction takes
# Arguments that may be others when a run goes on.
_WITHOUT = {"verb", "resume", "output", "compare_with_faults"}


@dataclass
class Candidate:
    """A line of the grid.

    Attributes
    ----------
    name : str

    settings : dict
        Parameters of the networks.

    epochs : float
        How many times the epochs of the preset.

    rows : float
        How many times the training images are in an epoch.
    """

    name: str
    settings: dict
    epochs: float = 1
    rows: float = 1

    def settings_for(self, model, n_rows, share=1.0):
        """Return the parameters of the networks of a model, for this share of the epochs."""
        epochs = count_epochs(networks_of(model)[0], n_rows) * self.epochs * share
        return {**self.settings, "epochs": max(1, round(epochs))}


def list_candidates(y, random_state):
    """Return all lines of the grid, the most promising first: how to balance, how long to train."""
    _, counts = np.unique(y, return_counts=True)
    weights = {"class_weight": "sqrt_balanced", "sampler": None}
    copies = {"class_weight": None, "sampler": RandomOverSampler(random_state=random_state)}
    n_copies = len(counts) * counts.max() / len(y)
    return [
        Candidate("square-root class weights", weights),
        Candidate("rare classes oversampled", copies, rows=n_copies),
        Candidate("class weights", {"class_weight": "balanced", "sampler": None}),
        Candidate("square-root class weights, twice the epochs", weights, epochs=2),
    ]


@dataclass
class Plan:
    """What is cross-validated, and what is fitted in the end.

    Attributes
    ----------
    searched_preset, final_preset : str

    candidates : list of Candidate
        Cross-validated; of one alone, so that its score is known.

    first : Candidate
        What is fitted in the end where nothing is cross-validated.

    expected : list of float
        Seconds of each fit, the last one that of the final model.

    left_out : list of str
        Names of other lines of the grid.

    shortened : float
        Share of the epochs that time allows, of the final model.
    """

    searched_preset: str
    final_preset: str
    candidates: list
    first: Candidate
    expected: list
    left_out: list
    shortened: float = 1.0

    def describe(self, arguments):
        """Return the plan in one or two lines."""
        final = make_model(arguments, self.final_preset)
        parts = []
        if self.candidates:
            size = _say_size(make_model(arguments, self.searched_preset))
            parts.append(
                f"grid search over {say(len(self.candidates), 'candidate')} on {arguments.folds}"
                f" stratified folds, grouped by lesion, at {size}"
            )
        parts.append(f"a final fit on all training images at {_say_size(final)}")
        minutes = sum(self.expected) / 60
        end = time.strftime("%H:%M", time.localtime(time.time() + 60 * minutes))
        text = f"Plan: {', then '.join(parts)}. About {minutes:.0f} minutes, until {end}."
        if minutes < 2:
            text = f"Plan: {', then '.join(parts)}."
        if self.final_preset != arguments.preset:
            text += (
                f"\nPreset {arguments.preset} needs more time than --minutes allows: the final fit"
                f" uses preset {self.final_preset}."
            )
        if self.shortened < 1:
            text += (
                f"\n--minutes allows {self.shortened:.0%} of the epochs: the model will be weaker."
            )
        if not self.candidates:
            text += "\nThe time allows no cross-validation: set a larger --minutes."
        elif self.left_out:
            text += f"\nNot searched: {'; '.join(self.left_out)}."
        return text

    def save(self, path, arguments):
        """Write it, for a run that goes on."""
        content = {
            "arguments": _say_arguments(arguments),
            "searched_preset": self.searched_preset,
            "final_preset": self.final_preset,
            "candidates": [candidate.name for candidate in self.candidates],
            "expected": self.expected,
            "shortened": self.shortened,
        }
        write_text(path, json.dumps(content, indent=1))


def load_plan(path, candidates, arguments):
    """Return the plan of the run that goes on; None where there is none.

    Raises
    ------
    ValueError
        If that run had other arguments.
    """
    if not Path(path).is_file():
        return None
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    earlier, now = content.pop("arguments"), _say_arguments(arguments)
    differing = [name for name in now if earlier.get(name) != now[name]]
    if differing:
        name = differing[0]
        raise ValueError(
            f"The interrupted run had {_say_option(name, earlier.get(name))}, this one has"
            f" {_say_option(name, now[name])}. Expected the same options. Leave out --resume to"
            " begin anew."
        )
    names = content.pop("candidates")
    chosen = [candidate for candidate in candidates if candidate.name in names]
    left_out = [candidate.name for candidate in candidates if candidate.name not in names]
    return Plan(candidates=chosen, first=candidates[0], left_out=left_out, **content)


def _say_option(name, value):
    option = "ROOT" if name == "root" else f"--{name.replace('_', '-')}"
    if value in ("None", "False"):
        return f"no {option}"
    return option if value == "True" else f"{option} {value}"


def _say_arguments(arguments):
    """Return what fits depend on."""
    return {name: str(value) for name, value in vars(arguments).items() if name not in _WITHOUT}


def choose_plan(data, arguments, candidates):
    """Return the :class:`Plan` that fits into the time."""
    X, y, _ = data.part(is_test=False)
    n_test = int(data.is_test.sum())
    pace = _Pace(None, _SLOW_START, arguments)
    asked = arguments.minutes
    budget = 60 * (_MINUTES[arguments.preset] if asked is None else asked)
    presets = [arguments.preset]
    if arguments.image_size is None and arguments.epochs is None and arguments.preset != "fast":
        presets.append("fast")
    everything = _fill(pace, presets[:1], arguments.preset, len(y), n_test, arguments, candidates)
    if sum(everything.expected) > budget:
        print("Measuring the training speed.", flush=True)
        pace = _measure(make_model(arguments, arguments.preset), X, y, arguments)
    finals = presets if asked is not None else presets[:1]
    for final in finals:
        plan = _fill(
            pace,
            presets[presets.index(final) :],
            final,
            len(y),
            n_test,
            arguments,
            candidates,
            budget,
        )
        if sum(plan.expected) <= budget:
            return plan
    if asked is not None:
        plan.shortened = budget / sum(plan.expected)
        plan.expected = [budget]
    return plan


def _fill(pace, searched, final, n_rows, n_test, arguments, candidates, budget=np.inf):
    """Return the plan with as many candidates as the budget allows.

    They are searched with the final model, or, where that leaves no choice, with a faster one.
    """
    n_most = arguments.candidates or len(candidates)
    n_fold = n_rows // arguments.folds
    plans = []
    for preset in searched:
        chosen = []
        for candidate in candidates:
            trial = _price(pace, preset, final, [*chosen, candidate], n_rows, n_fold, n_test)
            if len(chosen) < n_most and sum(trial) <= budget:
                chosen.append(candidate)
        expected = _price(pace, preset, final, chosen or candidates[:1], n_rows, n_fold, n_test)
        expected = expected if chosen else expected[-1:]
        left_out = [candidate.name for candidate in candidates if candidate not in chosen]
        plans.append(Plan(preset, final, chosen, candidates[0], expected, left_out))
    has_choice = min(2, n_most)
    return next(
        (plan for plan in plans if len(plan.candidates) >= has_choice),
        max(plans, key=lambda plan: len(plan.candidates)),
    )


def _price(pace, searched, final, candidates, n_rows, n_fold, n_test):
    """Return the seconds of each fit of a plan: of the folds, and of the dearest final model."""
    of_folds = [
        pace.seconds(searched, candidate, n_rows - n_fold, n_fold) for candidate in candidates
    ]
    n_folds = max(2, round(n_rows / max(n_fold, 1)))
    dearest = max(pace.seconds(final, candidate, n_rows, n_test) for candidate in candidates)
    return [*np.repeat(of_folds, n_folds).tolist(), dearest]


class _Pace:
    """How long fits take.

    Parameters
    ----------
    step : float or None
        Seconds of a step of the preset that is asked for; None supposes a slow machine.

    start : float
        Seconds until the first step.
    """

    def __init__(self, step, start, arguments):
        self._arguments, self._start = arguments, start
        self._measured = make_model(arguments, arguments.preset)
        self._step = step
        if step is None:
            self._step = _pixels(self._measured) * arguments.batch_size / _SLOW_PIXELS

    def seconds(self, preset, candidate, n_rows, n_predicted):
        """Return how long a fit takes, with the prediction that follows."""
        model = make_model(self._arguments, preset)
        networks = networks_of(model)
        step = self._step * _pixels(model) / _pixels(self._measured)
        batch = self._arguments.batch_size
        settings = candidate.settings_for(model, n_rows)
        epochs = settings["epochs"] * candidate.rows + _FIRST_LOOK
        n_variants = 1 + getattr(model, "estimators", [model])[0].n_augmentations
        steps = n_rows / batch * epochs + n_predicted / batch * n_variants * _OF_A_STEP
        return float(len(networks) * (self._start + step * steps))


def _measure(model, X, y, arguments):
    """Return the :class:`_Pace` of a few steps."""
    rng = np.random.RandomState(arguments.random_state)
    rows = rng.permutation(len(y))[: _STEPS_MEASURED * arguments.batch_size]
    measure = MeasureSteps()
    network = clone(networks_of(model)[0]).set_params(epochs=1, callbacks=[measure])
    start = time.perf_counter()
    network.fit(X[rows], y[rows])
    seconds = time.perf_counter() - start
    steps = np.diff(measure.times)
    step = float(np.median(steps[1:] if len(steps) > 1 else [seconds]))
    return _Pace(step, max(0.0, seconds - step * len(measure.times)), arguments)


def _pixels(model):
    return float(np.prod(networks_of(model)[0].loader.image_size))


def _say_size(model):
    height, width = networks_of(model)[0].loader.image_size
    return f"{height} x {width} pixels"
