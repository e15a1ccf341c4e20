"""Draw lesions, for tests and for trying things out."""
