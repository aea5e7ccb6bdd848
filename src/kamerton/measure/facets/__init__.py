"""Raters: severity taken out, components of variance, cell scores of record (`facets.centre/1`); the classical
many-facet Rasch model beside it (`ManyFacetRasch`), and whether a design of ratings is connected (`connectedness`)."""

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
from ._connect import Connectedness, Pairing, Subset, connectedness
from ._many_facet import ManyFacetRasch

__all__ = [
    "ALGORITHM",
    "Anchors",
    "AssessmentCentre",
    "CellTable",
    "ComponentEstimate",
    "Connectedness",
    "ManyFacetRasch",
    "Pairing",
    "Subset",
    "VarianceComponents",
    "VarianceDefaults",
    "blend",
    "cell_scores",
    "connectedness",
    "fair_average",
    "rating_moments",
    "test_method_moment",
]
