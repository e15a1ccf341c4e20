"""Evaluate models."""

from ._aggregate import aggregate_by_group
from ._decisions.conformal import ConformalClassifier
from ._decisions.operating_points import OperatingPointDisplay
from ._decisions.selective_prediction import ReferralCurveDisplay, referral_curve
from ._decisions.thresholds import choose_thresholds, choose_thresholds_from_predictions
from ._explain.activation_maps import class_activation_maps
from ._explain.display import ActivationMapDisplay
from ._external.evaluate_external import evaluate_external
from ._external.external_evaluation import ExternalEvaluation
from ._metrics.class_rates import npv_score, ppv_score, sensitivity_score, specificity_score
from ._metrics.probabilities import expected_calibration_error, net_benefit
from ._metrics.roc import (
    auc_above_sensitivity_score,
    partial_auc_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from ._metrics.scorers import isic_scorers
from ._plots.training_curves import TrainingCurveDisplay
from ._report.compare import compare
from ._report.cross_evaluate import cross_evaluate
from ._report.evaluate import evaluate
from ._report.report import EvaluationReport
from ._report.slices import take_subgroups
from ._report.text import WARNING, say_score, summarise, to_json_text

__all__ = [
    "ActivationMapDisplay",
    "ConformalClassifier",
    "EvaluationReport",
    "ExternalEvaluation",
    "OperatingPointDisplay",
    "ReferralCurveDisplay",
    "TrainingCurveDisplay",
    "aggregate_by_group",
    "auc_above_sensitivity_score",
    "choose_thresholds",
    "choose_thresholds_from_predictions",
    "class_activation_maps",
    "compare",
    "cross_evaluate",
    "evaluate",
    "evaluate_external",
    "expected_calibration_error",
    "isic_scorers",
    "net_benefit",
    "npv_score",
    "partial_auc_score",
    "ppv_score",
    "referral_curve",
    "sensitivity_at_specificity",
    "sensitivity_score",
    "specificity_at_sensitivity",
    "specificity_score",
]
