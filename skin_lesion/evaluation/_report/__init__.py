"""Evaluate a classifier: its predictions, tables, text, page and model card."""
