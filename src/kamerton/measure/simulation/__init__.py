"""Worlds with known truth: true levels, a test, exercises, raters; and how well the chain finds them."""

from ._design import Design, kam_design
from ._replicate import Agreement, Band, category_agreement, replicate, true_categories
from ._world import HARD, MODERATE, SCENARIOS, Scenario, World, simulate

__all__ = [
    "HARD",
    "MODERATE",
    "SCENARIOS",
    "Agreement",
    "Band",
    "Design",
    "Scenario",
    "World",
    "category_agreement",
    "kam_design",
    "replicate",
    "simulate",
    "true_categories",
]
