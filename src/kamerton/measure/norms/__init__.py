"""Scores as standing in a group: percentiles, stens, stanines, T; what a raw score means elsewhere."""

from ._scales import StandardScale, Stanine, Sten, TScore, ZScore

__all__ = ["StandardScale", "Stanine", "Sten", "TScore", "ZScore"]
