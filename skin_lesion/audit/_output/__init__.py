"""Report the findings as text, as an HTML page and as a manifest."""
