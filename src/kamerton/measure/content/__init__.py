"""Whether the content is right: judges on relevance and sorting, importance by frequency."""

from ._importance import Criticality, criticality
from ._ratio import ContentRatios, Critical, content_ratios, critical_ratio
from ._sort import BackSort, back_sort

__all__ = [
    "BackSort",
    "ContentRatios",
    "Critical",
    "Criticality",
    "back_sort",
    "content_ratios",
    "critical_ratio",
    "criticality",
]
