"""Features of a frozen network, and where they are kept."""
