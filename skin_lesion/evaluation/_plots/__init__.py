"""Plots of training, and the colours of all plots."""
