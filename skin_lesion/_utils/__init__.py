"""Shared code of the rooms: checks, files, threads, and private names of other libraries."""
