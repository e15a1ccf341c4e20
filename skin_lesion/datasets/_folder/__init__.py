"""Read a folder with a subfolder for each class."""
