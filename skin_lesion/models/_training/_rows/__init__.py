"""The training rows and the validation rows."""
