"""Shared code of the loaders: entries of folders, tables, splits, groups and the description."""
