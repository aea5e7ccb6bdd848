"""Raters: severity taken out, components of variance, cell scores of record (`facets.centre/1`)."""

from ._cells import CellTable, cell_scores, fair_average
from ._centre import ALGORITHM, Anchors, AssessmentCentre
from ._components import (
    ComponentEstimate,
    VarianceComponents,
    VarianceDefaults,
    blend,
    rating_moments,
    test_method_moment,
)

__all__ = [
    "ALGORITHM",
    "Anchors",
    "AssessmentCentre",
    "CellTable",
    "ComponentEstimate",
    "VarianceComponents",
    "VarianceDefaults",
    "blend",
    "cell_scores",
    "fair_average",
    "rating_moments",
    "test_method_moment",
]
