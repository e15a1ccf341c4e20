"""Look at every image once: its quality, and the shortcuts that it offers."""
