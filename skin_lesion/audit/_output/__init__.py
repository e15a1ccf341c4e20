"""Tell what was found: in words, as a page, and as a manifest."""
