"""Scores with confidence intervals over lesions."""
