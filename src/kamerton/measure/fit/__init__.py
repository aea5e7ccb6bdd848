"""Probabilities of meeting a role's requirements, categories, proposal and reasons (`fit.joint/1`)."""

from ._prior import Prior, default_prior, estimate_prior
from ._role import (
    ALGORITHM,
    CATEGORIES,
    FitVerdicts,
    Reason,
    RoleFit,
    RoleRule,
    antithetic_normals,
    categorise,
    distinguishable_competencies,
    distinguishable_persons,
    posterior,
)

__all__ = [
    "ALGORITHM",
    "CATEGORIES",
    "FitVerdicts",
    "Prior",
    "Reason",
    "RoleFit",
    "RoleRule",
    "antithetic_normals",
    "categorise",
    "default_prior",
    "distinguishable_competencies",
    "distinguishable_persons",
    "estimate_prior",
    "posterior",
]
