"""Train on a folder of images: load, clean, search, judge, draw."""
