"""What a procedure is worth: corrected validities, hits of a cut, utility, with intervals."""

from ._composite import Composite, composite_difference, composite_validity
from ._corrections import Validity, corrected, correlation, expectancy
from ._utility import (
    Hits,
    Utility,
    expected_impact,
    naylor_shine,
    sd_from_percentiles,
    taylor_russell,
    utility,
)

__all__ = [
    "Composite",
    "Hits",
    "Utility",
    "Validity",
    "composite_difference",
    "composite_validity",
    "corrected",
    "correlation",
    "expectancy",
    "expected_impact",
    "naylor_shine",
    "sd_from_percentiles",
    "taylor_russell",
    "utility",
]
