"""Agreement of raters and of groups: correlations within classes, kappas, concordance, indices of a group."""

from ._coefficient import Coefficient
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

__all__ = [
    "Coefficient", "cohen_kappa", "conger_kappa", "fleiss_kappa", "fleiss_kappa_from_counts", "gwet_ac",
    "krippendorff_alpha", "light_kappa", "pabak", "percentage_agreement", "rows_of_table",
]  # fmt: skip
