"""Show where in an image a network found a class."""
