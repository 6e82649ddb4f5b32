"""Bodies of the service's answers, as types that its documentation shows."""
