"""Variance components of crossed and nested designs, D-studies, accuracy of raters."""

from ._accuracy import RaterAccuracy, rater_accuracy, rater_accuracy_table
from ._decision import DecisionStudy, Quantity, decision_study
from ._design import Design, Effect, parse_design
from ._search import DesignSearch, cheapest_designs
from ._study import GeneralizabilityStudy

__all__ = [
    "DecisionStudy", "Design", "DesignSearch", "Effect", "GeneralizabilityStudy", "Quantity", "RaterAccuracy",
    "cheapest_designs",
    "decision_study", "parse_design", "rater_accuracy", "rater_accuracy_table",
]  # fmt: skip
