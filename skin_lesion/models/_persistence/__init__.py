"""Save models to files that hold no code, and load them."""
