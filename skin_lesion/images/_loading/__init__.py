"""Read files: decode, resize, clean, and keep the result."""
