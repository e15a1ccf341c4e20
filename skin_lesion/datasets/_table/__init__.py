"""Load a table that lists images, and find their files."""
