"""Draw images of lesions for tests and examples."""
