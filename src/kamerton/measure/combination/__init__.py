"""Instruments combined by weights stated beforehand, with the covariance of their errors (`combine.stated/1`)."""

from ._stated import (
    ALGORITHM,
    Combined,
    Linear,
    benjamini_hochberg,
    combine,
    error_covariance,
    linear,
    reliability,
)

__all__ = [
    "ALGORITHM",
    "Combined",
    "Linear",
    "benjamini_hochberg",
    "combine",
    "error_covariance",
    "linear",
    "reliability",
]
