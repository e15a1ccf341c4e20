"""The tables of images and predictions that the command reads and writes."""
