"""Recognise the public sets as they lie on disk, and read them."""
