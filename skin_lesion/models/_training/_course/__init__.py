"""The course of training: its settings, its progress and how it ends."""
