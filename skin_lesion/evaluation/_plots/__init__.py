"""Plots of reports and fits."""
