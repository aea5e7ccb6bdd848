"""Variance components of crossed and nested designs, D-studies, accuracy of raters."""

from ._decision import DecisionStudy, DesignSearch, Quantity, cheapest_designs, decision_study
from ._design import Design, Effect, parse_design
from ._study import GeneralizabilityStudy

__all__ = [
    "DecisionStudy", "Design", "DesignSearch", "Effect", "GeneralizabilityStudy", "Quantity", "cheapest_designs",
    "decision_study", "parse_design",
]  # fmt: skip
