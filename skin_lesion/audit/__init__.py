"""Find faults in the data."""

from ._audit import audit_dataset
from ._dataset_audit import DatasetAudit
from ._findings.leaks import assert_no_leak
from ._output.summary import TITLES, describe_finding, describe_shortcuts, say
from ._overlap import find_overlap, take_images
from ._quality.scan import open_images
from ._quality.shortcuts import make_shortcut_model
from ._quality.skin_tone import ON_SKIN_TONE, SKIN_TONE, estimate_skin_tone

__all__ = ["DatasetAudit", "assert_no_leak", "audit_dataset", "estimate_skin_tone", "find_overlap"]
