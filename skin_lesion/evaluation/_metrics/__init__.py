"""Score predictions, and scorers for searches."""
