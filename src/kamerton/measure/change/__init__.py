"""Whether a person or a group changed: reliable change, before and after with a comparison group."""

from ._groups import Effect, PrePost, pre_post
from ._person import ReliableChange, regression_to_the_mean, reliable_change, standard_error_from

__all__ = [
    "Effect",
    "PrePost",
    "ReliableChange",
    "pre_post",
    "regression_to_the_mean",
    "reliable_change",
    "standard_error_from",
]
