"""Save a fit after each epoch, and resume it."""
