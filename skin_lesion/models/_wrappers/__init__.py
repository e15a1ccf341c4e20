"""Classifiers around another one, which is fitted already or fitted by them."""
