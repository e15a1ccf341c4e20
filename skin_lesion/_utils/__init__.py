"""What several rooms need: checks, files, threads, and private names of other libraries."""
