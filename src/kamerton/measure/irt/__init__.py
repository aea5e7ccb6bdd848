"""Item response models: how able a person is and how hard and sharp each item, with errors."""

from ._correlated import CorrelatedBlocks
from ._public import (
    GeneralizedPartialCredit,
    GradedResponse,
    Mixed,
    PartialCredit,
    Rasch,
    RatingScale,
    ThreeParameter,
    TwoParameter,
)

__all__ = [
    "CorrelatedBlocks",
    "GeneralizedPartialCredit",
    "GradedResponse",
    "Mixed",
    "PartialCredit",
    "Rasch",
    "RatingScale",
    "ThreeParameter",
    "TwoParameter",
]
