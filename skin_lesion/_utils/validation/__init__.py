"""Checks that several rooms share, and their messages.

All messages have one form: what was found, what was expected, what to do.
"""
