"""Classes by the names that each set gives them, and onto which classes of other sets they map."""
