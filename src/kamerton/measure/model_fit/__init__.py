"""Whether an item response model holds: as a whole, item by item, person by person, pair by pair."""

from ._global import LimitedInformation, limited_information
from ._residuals import LocalDependence, item_fit, local_dependence, person_fit
from ._score_groups import score_group_fit

__all__ = [
    "LimitedInformation",
    "LocalDependence",
    "item_fit",
    "limited_information",
    "local_dependence",
    "person_fit",
    "score_group_fit",
]
