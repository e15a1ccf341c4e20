"""Draw what a report and a fit hold."""
