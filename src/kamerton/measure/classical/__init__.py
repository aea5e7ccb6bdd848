"""Classical test statistics: items, distractors, reliability and the error of a person's score."""

from ._decisions import (
    DecisionQuality,
    decision_consistency,
    decision_consistency_irt,
    decision_consistency_normal,
)
from ._distractors import DistractorStatistics, OptionStatistics, distractor_analysis
from ._estimate import FULL_ITEM_STATISTICS_FROM, ITEM_STATISTICS_FROM, Estimate, Interval
from ._items import LOW_DISCRIMINATION, ItemStatistics, item_analysis
from ._persons import ClassicalTest, ConditionalError, PersonScore
from ._precision import (
    composite_reliability,
    kelley_true_score,
    reliability_of_difference,
    spearman_brown,
    spearman_brown_length,
    standard_error_of_difference,
    standard_error_of_estimation,
    standard_error_of_measurement,
)
from ._reliability import OneFactor, alpha, lambda2, omega_total, one_factor_minres, split_half

__all__ = [
    "FULL_ITEM_STATISTICS_FROM",
    "ITEM_STATISTICS_FROM",
    "LOW_DISCRIMINATION",
    "ClassicalTest",
    "ConditionalError",
    "DecisionQuality",
    "DistractorStatistics",
    "Estimate",
    "Interval",
    "ItemStatistics",
    "OneFactor",
    "OptionStatistics",
    "PersonScore",
    "alpha",
    "composite_reliability",
    "decision_consistency",
    "decision_consistency_irt",
    "decision_consistency_normal",
    "distractor_analysis",
    "item_analysis",
    "kelley_true_score",
    "lambda2",
    "omega_total",
    "one_factor_minres",
    "reliability_of_difference",
    "spearman_brown",
    "spearman_brown_length",
    "split_half",
    "standard_error_of_difference",
    "standard_error_of_estimation",
    "standard_error_of_measurement",
]
