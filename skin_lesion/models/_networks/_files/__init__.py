"""Files of networks and of their weights: written as a whole, and read without running code."""
