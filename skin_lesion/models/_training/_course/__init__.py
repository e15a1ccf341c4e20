"""The course of training: what is chosen for it, what is seen of it, and how it ends."""
