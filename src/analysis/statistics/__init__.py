"""Statistics: an estimate with its interval, method and status, from counts or values of
patients."""
