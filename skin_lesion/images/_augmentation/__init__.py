"""Vary images at random, and show it."""
