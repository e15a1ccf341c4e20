"""Compare rows: copies, near duplicates, leaks and labels that contradict each other."""
