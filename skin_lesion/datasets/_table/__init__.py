"""Read a table that names images, and find their files."""
