"""Choose what to search within the time that is allowed."""

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..._utils.atomic_writing import write_text
from ...audit import say
from ...models import count_epochs
from .fit_times import FitTimes, measure
from .network import make_model, networks_of

_MINUTES = {"fast": 5, "good": 45, "best": 180}
# Seconds after the fits. The intervals, pages, pictures and the ONNX file take about as long for
# any test set. But its photographs are read twice more: to score them, and to set the limit of
# what is unlike the training images.
_REPORT, _READ_TWICE = 25, 15 / 1000
# Arguments that may be others when a run goes on.
_WITHOUT = {"verb", "resume", "output", "compare_with_faults"}
_FOLDS = (3, 2)  # three are better, two take half of the time


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
    from imblearn.over_sampling import RandomOverSampler  # late, because it takes 0.4 s

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

    n_folds : int

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

    is_resumed : bool
        Whether an earlier process has begun with it.

    after_fits : float
        Seconds for what follows the fits.
    """

    searched_preset: str
    final_preset: str
    n_folds: int
    candidates: list
    first: Candidate
    expected: list
    left_out: list
    shortened: float = 1.0
    is_resumed: bool = False
    after_fits: float = _REPORT

    def describe(self, arguments):
        """Return the plan in one or two lines."""
        final = make_model(arguments, self.final_preset)
        parts = []
        if self.candidates:
            size = _say_size(make_model(arguments, self.searched_preset))
            parts.append(
                f"grid search over {say(len(self.candidates), 'candidate')} on {self.n_folds}"
                f" stratified, grouped folds, at {size}"
            )
        parts.append(f"a final fit on all training images at {_say_size(final)}")
        minutes = (sum(self.expected) + self.after_fits) / 60
        end = time.strftime("%H:%M", time.localtime(time.time() + 60 * minutes))
        text = f"Plan: {', then '.join(parts)}. About {minutes:.0f} minutes, until {end}."
        if minutes < 2 or self.is_resumed:  # it is unknown how much of it is done
            text = f"Plan: {', then '.join(parts)}."
        if self.final_preset != arguments.preset:
            text += (
                f"\nPreset {arguments.preset} needs more time than --minutes allows: the final fit"
                f" uses preset {self.final_preset}."
            )
        if self.shortened < 1 and networks_of(final)[0].epochs == 1:
            text += "\nThe one epoch takes longer than --minutes allows."
        elif self.shortened < 1:
            text += (
                f"\n--minutes {arguments.minutes:g} shortens the final fit to {self.shortened:.0%}"
                " of its epochs, and to no less than 1 epoch: the model will be weaker."
            )
        if not self.candidates:
            text += "\nThe time allows no cross-validation: set a larger --minutes."
        elif self.left_out:
            text += f"\nNot searched: {'; '.join(self.left_out)}."
        return text

    def save(self, path, said):
        """Write it, with what :func:`say_arguments` says, for a run that goes on."""
        content = {
            "arguments": said,
            "searched_preset": self.searched_preset,
            "final_preset": self.final_preset,
            "n_folds": self.n_folds,
            "candidates": [candidate.name for candidate in self.candidates],
            "expected": self.expected,
            "shortened": self.shortened,
        }
        write_text(path, json.dumps(content, indent=1))


def load_plan(path, candidates):
    """Return the plan of the run that goes on; None where there is none.

    Raises
    ------
    ValueError
        If the file is damaged or of another version.
    """
    if not Path(path).is_file():
        return None
    with _explain_damage(path):
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        del content["arguments"]
        names = content.pop("candidates")
        plan = Plan(candidates=[], first=candidates[0], left_out=[], is_resumed=True, **content)
    plan.candidates = [candidate for candidate in candidates if candidate.name in names]
    plan.left_out = [candidate.name for candidate in candidates if candidate.name not in names]
    return plan


def check_resumes(path, said):
    """Raise a ValueError if the run that goes on had other arguments, or its plan is damaged."""
    with _explain_damage(path):
        earlier = json.loads(Path(path).read_text(encoding="utf-8"))["arguments"]
        differing = [name for name in said if earlier.get(name) != said[name]]
    if differing:
        name = differing[0]
        raise ValueError(
            f"The interrupted run had {_say_option(name, earlier.get(name))}, this one has"
            f" {_say_option(name, said[name])}. Expected the same options. Leave out --resume to"
            " begin anew."
        )


@contextmanager
def _explain_damage(path):
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged, or of another version: {error}. Expected the plan of the"
            " interrupted run. Leave out --resume to begin anew."
        ) from error


def _say_option(name, value):
    option = "ROOT" if name == "root" else f"--{name.replace('_', '-')}"
    if value in ("None", "False"):
        return f"no {option}"
    return option if value == "True" else f"{option} {value}"


def say_arguments(arguments):
    """Return what fits depend on, as the user wrote it: before it is known what the data are."""
    said = {name: str(value) for name, value in vars(arguments).items() if name not in _WITHOUT}
    for name in ("root", "table"):
        if getattr(arguments, name) is not None:
            said[name] = os.path.abspath(said[name])  # which may be written in several ways
    return said


def choose_plan(data, arguments, candidates, start):
    """Return the :class:`Plan` that fits into the time.

    Parameters
    ----------
    data : SplitData

    arguments : Namespace

    candidates : list of Candidate

    start : float
        When the command began, by `time.monotonic`: what it did since is part of its time.

    Returns
    -------
    plan : Plan
    """
    X, y, _ = data.part(is_test=False)
    asked = arguments.minutes
    n_test = int(data.is_test.sum())
    after_fits = _REPORT + _READ_TWICE * n_test
    end = start + 60 * (_MINUTES[arguments.preset] if asked is None else asked) - after_fits
    presets = [arguments.preset]
    if arguments.image_size is None and arguments.epochs is None and arguments.preset != "fast":
        presets.append("fast")
    paces = dict.fromkeys(presets)  # None: not measured, a slow machine is supposed
    fit_times = FitTimes(paces, (len(y), n_test), arguments)
    everything = _fill(fit_times, presets[:1], presets[0], candidates, arguments)
    if sum(everything.expected) > end - time.monotonic():
        print("Measuring the training speed.", flush=True)
        for preset in presets:
            paces[preset] = measure(make_model(arguments, preset), X, y, arguments)
    budget = end - time.monotonic()
    for place, final in enumerate(presets if asked is not None else presets[:1]):
        plan = _fill(fit_times, presets[place:], final, candidates, arguments, budget)
        plan.after_fits = after_fits
        if sum(plan.expected) <= budget:
            return plan
    if asked is not None:
        plan.shortened = max(budget, 0.0) / sum(plan.expected)
        plan.expected = [max(budget, 1.0)]
    return plan


def _fill(fit_times, searched, final, candidates, arguments, budget=np.inf):
    """Return the plan with as many candidates as the budget allows.

    They are searched with the final model on as many folds as are asked for, or, where that takes
    too long, with a faster one, or on fewer folds.
    """
    n_most = arguments.candidates or len(candidates)
    for n_folds in _FOLDS if arguments.folds is None else (arguments.folds,):
        for preset in searched:
            chosen = []
            for candidate in candidates:
                trial = fit_times.of_plan(preset, final, [*chosen, candidate], n_folds)
                if len(chosen) < n_most and sum(trial) <= budget:
                    chosen.append(candidate)
            if chosen:
                left_out = [candidate.name for candidate in candidates if candidate not in chosen]
                expected = fit_times.of_plan(preset, final, chosen, n_folds)
                return Plan(preset, final, n_folds, chosen, candidates[0], expected, left_out)
    expected = fit_times.of_plan(final, final, candidates[:1], n_folds)[-1:]
    left_out = [candidate.name for candidate in candidates]
    return Plan(final, final, n_folds, [], candidates[0], expected, left_out)


def _say_size(model):
    height, width = networks_of(model)[0].loader.image_size
    return f"{height} x {width} pixels"
