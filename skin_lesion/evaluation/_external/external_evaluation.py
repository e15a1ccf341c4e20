"""The scores of a model on external datasets, as tables and as a page."""

import numpy as np
import pandas as pd

from ..._utils.atomic_writing import write_text
from ..._utils.html_page import render_note, render_page, render_warning
from ..._utils.validation.messages import say, say_number
from .._report.page import render_tables
from .._report.text import (
    ON_NET_BENEFIT,
    TITLES,
    WARNING,
    describe_intervals,
    say_score,
    spread_scores,
)

_OF_ALL = ["accuracy", "balanced_accuracy", "roc_auc_ovr"]
_OF_CLASS = ["sensitivity", "specificity", "ppv", "npv", "roc_auc", "average_precision"]
_OF_CALIBRATION = [
    *("brier_score", "expected_calibration_error"),
    *("calibration_intercept", "calibration_slope"),
]
_LIMITS = ["value", "low", "high"]
_CORRECTED = ["corrected", "corrected_low", "corrected_high"]
_ON_DATASETS = "Images and groups that were evaluated."
_ON_DUPLICATES = (
    " Exact and near duplicates of training images were excluded, with all images of their groups;"
    " the last columns count them."
)
_ON_CALIBRATION = (
    "Calibration before and after the probabilities are corrected for the prevalence of the classes"
    " in the dataset. If it remains poor, more than the prevalence differs: the images or the"
    " diseases."
)
_ON_OPERATING_POINTS = f"Scores in each dataset at the given thresholds. {ON_NET_BENEFIT}"


class ExternalEvaluation:
    """Scores of a fitted classifier on external datasets, from :func:`evaluate_external`.

    Attributes
    ----------
    datasets : DataFrame indexed by dataset
        Number of `images` and `groups` that were evaluated, `prevalence` of the positive class
        among the images, and numbers of excluded images: `exact_duplicates` and `near_duplicates`
        of training images, and `same_groups`, further images of their groups. Missing if unknown.

    scores : DataFrame indexed by dataset and score
        `value`, `low`, `high` and `groups`, for all classes and for the positive class.

    calibration : DataFrame indexed by dataset and score
        Brier score and calibration error of all classes, and intercept and slope of the positive
        class: `value`, `low`, `high`; `corrected`, `corrected_low` and `corrected_high` after prior
        correction; `groups`.

    operating_points : DataFrame indexed by dataset and operating point, and by score, or None
        Scores at the given thresholds: `threshold`, `value`, `low`, `high`, `groups`.

    overlap : DataFrame or None
        The images of the datasets that match a training image, as from :func:`find_overlap`.

    reports : dict of str to EvaluationReport
        The full report of each dataset.

    corrected_reports : dict of str to EvaluationReport
        The reports of the corrected probabilities.

    notes : list of str
        Notes to read before the numbers.

    See Also
    --------
    evaluate_external : Returns it, with an example.
    """

    def __init__(self, reports, corrected_reports, *, left_out, overlap, notes):
        self.reports, self.corrected_reports = reports, corrected_reports
        self.overlap = overlap
        self.notes = [*notes]
        for name, report in reports.items():
            self.notes += [f"{name}: {note}" for note in report.notes]
            if not report.has_groups:
                self.notes.append(
                    f"{name}: no groups were given. Each image counts as a separate lesion, so"
                    " several photographs of one lesion make the intervals too narrow."
                )
        self._first = next(iter(reports.values()))
        lines = {name: _count(report) | left_out.get(name, {}) for name, report in reports.items()}
        columns = ["images", "groups", "prevalence", "exact_duplicates", "near_duplicates"]
        self.datasets = pd.DataFrame.from_dict(lines, orient="index").reindex(
            columns=[*columns, "same_groups"]
        )
        self.datasets.index.name = "dataset"
        self.scores = _join(reports, [*_OF_ALL, *_OF_CLASS])
        before = _join(reports, _OF_CALIBRATION)
        before[_CORRECTED] = np.nan
        if corrected_reports:
            after = _join(corrected_reports, _OF_CALIBRATION)[_LIMITS].reindex(before.index)
            before[_CORRECTED] = after.to_numpy()
        self.calibration = before[[*_LIMITS, *_CORRECTED, "groups"]]
        self.operating_points = None
        if self._first.operating_points is not None:
            points = {name: report.operating_points for name, report in reports.items()}
            self.operating_points = pd.concat(points, names=["dataset"])

    def __repr__(self):
        names = ", ".join(self.reports)
        return f"<ExternalEvaluation of {say(len(self.reports), 'dataset')}: {names}>"

    def summary(self):
        """Print all tables as text."""
        lines = ["External evaluation", WARNING, *(f"Note: {note}" for note in self.notes)]
        for title, text, words in self._sections():
            lines += ["", title, text, words.to_string()]
        print("\n".join(lines))

    def to_frame(self):
        """Return all scores of all reports as one table.

        Returns
        -------
        frame : DataFrame
            Columns `dataset`, `is_corrected` (for the class shares of the dataset), and those of
            :meth:`EvaluationReport.to_frame`.
        """
        return pd.concat(
            [
                report.to_frame().assign(dataset=name, is_corrected=is_corrected)
                for is_corrected, reports in ((False, self.reports), (True, self.corrected_reports))
                for name, report in reports.items()
            ],
            ignore_index=True,
        )

    def to_html(self, path):
        """Write all tables to one HTML page.

        Parameters
        ----------
        path : str or os.PathLike
            The file; missing folders are created.

        Returns
        -------
        path : pathlib.Path
            The file that was written.
        """
        return write_text(path, self._render(is_whole=True))

    def _repr_html_(self):
        return self._render(is_whole=False)

    def _render(self, *, is_whole):
        sections = {
            title: [render_note(text), render_tables(words)]
            for title, text, words in self._sections()
        }
        warnings = [render_warning(text) for text in (WARNING, *self.notes)]
        return render_page("External evaluation", warnings, sections, is_whole=is_whole)

    def _sections(self):
        """Yield the title, explanation and text table of each section."""
        positive = self._first.positive
        counts = self.datasets.rename(columns=lambda name: name.replace("_", " "))
        if positive is None:
            counts = counts.drop(columns="prevalence")
        else:
            counts["prevalence"] = counts["prevalence"].map(say_number)
            counts = counts.rename(columns={"prevalence": f"prevalence of {positive}"})
        whole = counts.select_dtypes("number").columns
        counts[whole] = counts[whole].map(lambda n: "" if np.isnan(n) else f"{n:.0f}")
        yield (
            "Datasets",
            _ON_DATASETS + (_ON_DUPLICATES if self.overlap is not None else ""),
            counts,
        )
        # The notes name datasets without groups.
        with_groups = [report for report in self.reports.values() if report.has_groups]
        text = describe_intervals([*with_groups, self._first][0])
        text = text if positive is None else f"Positive class: {positive}. {text}"
        yield "Scores", text, spread_scores(self.scores)
        yield "Calibration", _ON_CALIBRATION, _spread_calibration(self.calibration)
        if self.operating_points is not None:
            table = self.operating_points.copy()
            table.index = pd.MultiIndex.from_tuples(
                [(f"{name}: {point}", score) for name, point, score in table.index],
                names=["dataset: operating point", "score"],
            )
            yield "Operating points", _ON_OPERATING_POINTS, spread_scores(table)


def _count(report):
    shares = report.class_counts["images"] / report.n_images
    prevalence = np.nan if report.positive is None else shares[report.positive]
    n_groups = report.n_groups if report.has_groups else np.nan
    return {"images": report.n_images, "groups": n_groups, "prevalence": prevalence}


def _join(reports, names):
    """Return scores of all classes and of the positive class as one table for all reports."""
    tables = {}
    for dataset, report in reports.items():
        table = report.scores
        if report.positive is not None:
            table = pd.concat([table, report.class_scores.loc[report.positive]])
        tables[dataset] = table[table.index.isin(names)]
    return pd.concat(tables, names=["dataset", "score"])


def _spread_calibration(table):
    """Return the scores before and after correction as text, one row for each dataset."""
    words = {}
    for (name, score), line in table.iterrows():
        after = line[_CORRECTED].set_axis(_LIMITS)
        words.setdefault(name, {})[TITLES[score]] = say_score(line)
        if not np.isnan(after["value"]):
            words[name][f"{TITLES[score]}, corrected"] = say_score(after)
    return pd.DataFrame.from_dict(words, orient="index").rename_axis("dataset").fillna("")
