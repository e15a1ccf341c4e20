"""Read image files: decode, resize, clean, and cache the result."""
