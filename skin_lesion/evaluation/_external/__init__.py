"""External validation."""
