"""Probabilities of meeting a role's requirements, categories, proposal and reasons (`fit.joint/2`)."""

from ._draws import antithetic_normals, posterior
from ._prior import Prior, default_prior, estimate_prior
from ._profile import ProfileDistance, profile_distance
from ._role import RoleFit
from ._rule import CATEGORIES, FitRule, Reason, RoleProfile, RoleRule
from ._verdicts import (
    ALGORITHM,
    FitVerdicts,
    RoleShares,
    categorise,
    distinguishable_competencies,
    distinguishable_persons,
    least_difference,
)

__all__ = [
    "ALGORITHM",
    "CATEGORIES",
    "FitRule",
    "FitVerdicts",
    "Prior",
    "ProfileDistance",
    "Reason",
    "RoleFit",
    "RoleProfile",
    "RoleRule",
    "RoleShares",
    "antithetic_normals",
    "categorise",
    "default_prior",
    "distinguishable_competencies",
    "distinguishable_persons",
    "estimate_prior",
    "least_difference",
    "posterior",
    "profile_distance",
]
