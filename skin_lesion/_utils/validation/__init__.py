"""Checks that several rooms share, and the messages they give.

Messages follow one form: what was found, what was expected, what to do.
"""
