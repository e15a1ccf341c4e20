"""Judge."""

from ._activation_map_display import ActivationMapDisplay
from ._activation_maps import class_activation_maps
from ._class_metrics import npv_score, ppv_score, sensitivity_score, specificity_score
from ._compare import compare
from ._conformal import ConformalClassifier
from ._cross_evaluate import cross_evaluate
from ._evaluate import evaluate
from ._evaluation_report import EvaluationReport
from ._operating_points import OperatingPointDisplay
from ._probability_metrics import expected_calibration_error, net_benefit
from ._referral import ReferralCurveDisplay, referral_curve
from ._roc_metrics import (
    auc_above_sensitivity_score,
    partial_auc_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from ._scorers import isic_scorers
from ._thresholds import choose_thresholds
from ._training_curves import TrainingCurveDisplay

__all__ = [
    "ActivationMapDisplay",
    "ConformalClassifier",
    "EvaluationReport",
    "OperatingPointDisplay",
    "ReferralCurveDisplay",
    "TrainingCurveDisplay",
    "auc_above_sensitivity_score",
    "choose_thresholds",
    "class_activation_maps",
    "compare",
    "cross_evaluate",
    "evaluate",
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
