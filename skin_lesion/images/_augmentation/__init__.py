"""Augment images at random, and show the variants."""
