"""Classifiers that wrap another classifier, fitted or not."""
