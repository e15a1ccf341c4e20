"""Show which parts of an image raise the score of a class."""
