"""Agreement of raters and of groups: correlations within classes, kappas, concordance, indices of a group."""

from ._coefficient import Coefficient
from ._concordance import finn, kendall_w, mean_correlation, robinson_a
from ._icc import IntraclassCorrelations, MeanSquares, icc, mean_squares
from ._kappa import (
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    fleiss_kappa_from_counts,
    gwet_ac,
    light_kappa,
    pabak,
    percentage_agreement,
    rows_of_table,
)
from ._krippendorff import krippendorff_alpha
from ._pairs import PairwiseAgreement, RaterConfusion, pairwise_agreement, rater_confusion
from ._within_group import (
    GroupCorrelations,
    WithinGroupAgreement,
    group_icc,
    group_icc_from_statistics,
    null_variance,
    within_group_agreement,
)

__all__ = [
    "Coefficient", "GroupCorrelations", "IntraclassCorrelations", "MeanSquares", "PairwiseAgreement",
    "RaterConfusion", "WithinGroupAgreement", "cohen_kappa", "conger_kappa", "finn", "fleiss_kappa",
    "fleiss_kappa_from_counts", "group_icc", "group_icc_from_statistics", "gwet_ac", "icc", "kendall_w",
    "krippendorff_alpha", "light_kappa", "mean_correlation", "mean_squares", "null_variance", "pabak",
    "pairwise_agreement", "percentage_agreement", "rater_confusion",
    "robinson_a", "rows_of_table", "within_group_agreement",
]  # fmt: skip
