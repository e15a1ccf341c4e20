"""Load a folder with a subfolder for each class."""
