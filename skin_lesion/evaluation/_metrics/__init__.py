"""Metrics, and scorers for searches."""
