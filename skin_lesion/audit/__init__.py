"""Find what is wrong with the data."""

from ._audit import audit_dataset
from ._dataset_audit import DatasetAudit
from ._leaks import assert_no_leak

__all__ = ["DatasetAudit", "assert_no_leak", "audit_dataset"]
