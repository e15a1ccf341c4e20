"""Read every image once, and measure its quality and the shortcuts that it offers."""
