"""Arguments of the command: read, and checked before anything else."""
