"""Build networks, and turn them into files and back."""
