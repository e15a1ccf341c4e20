"""Save a fit after each epoch, and go on with it."""
