"""Score resampled lesions, for intervals."""
