"""Decisions: thresholds, operating points, selective prediction, conformal sets, prevalence."""
