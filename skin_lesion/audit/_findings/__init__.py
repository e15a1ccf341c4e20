"""Find faults: copies, near duplicates, leaks, doubtful labels and contradictory groups.

A fault is a line of a DataFrame. The rows that it concerns stand in it as tuples.
"""
