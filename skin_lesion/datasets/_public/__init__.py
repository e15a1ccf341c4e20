"""Recognise public datasets as downloaded, and load them."""
