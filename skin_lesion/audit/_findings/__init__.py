"""Find faults: copies, near duplicates, leaks, doubtful labels and group conflicts.

A fault is a line of a DataFrame. It holds the rows that it concerns as tuples.
"""
