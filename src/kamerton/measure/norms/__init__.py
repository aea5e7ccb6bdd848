"""Scores as standing in a group: percentiles, stens, stanines, T; what a raw score means elsewhere."""
