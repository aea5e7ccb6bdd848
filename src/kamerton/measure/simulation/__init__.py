"""Worlds with known truth: answers, ratings, whole assessment centres; and how well the chain finds it."""

from ._answers import Answers, Items, booklets, make_items, simulate_answers
from ._design import Design, kam_design
from ._plan import DesignPrecision, plan_precision
from ._ratings import Ratings, simulate_ratings
from ._replicate import Agreement, Band, category_agreement, replicate, true_categories
from ._study import Study, run_study
from ._tally import Figure
from ._world import HARD, MODERATE, SCENARIOS, Scenario, World, simulate, simulate_anchors

__all__ = [
    "HARD",
    "MODERATE",
    "SCENARIOS",
    "Agreement",
    "Answers",
    "Band",
    "Design",
    "DesignPrecision",
    "Figure",
    "Items",
    "Ratings",
    "Scenario",
    "Study",
    "World",
    "booklets",
    "category_agreement",
    "kam_design",
    "make_items",
    "plan_precision",
    "replicate",
    "run_study",
    "simulate",
    "simulate_anchors",
    "simulate_answers",
    "simulate_ratings",
    "true_categories",
]
