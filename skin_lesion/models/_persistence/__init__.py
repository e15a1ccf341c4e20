"""Save models to files without code, and load them."""
