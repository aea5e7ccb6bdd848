"""Whether a procedure treats groups alike: adverse impact with exact intervals."""

from ._impact import AdverseImpact, GroupImpact, adverse_impact

__all__ = ["AdverseImpact", "GroupImpact", "adverse_impact"]
