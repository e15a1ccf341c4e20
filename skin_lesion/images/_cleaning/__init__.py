"""Clean images: colours, hair and borders."""
