"""Known answers: distances of profiles, worked by hand; Holm's adjusted p-values."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.fit import RoleFit, RoleRule, default_prior, profile_distance
from kamerton.measure.seats import holm
from tests.measure.agreement.reference import cases


@pytest.mark.parametrize("case", ["kam_five_competencies", "flat_profile_r_undefined"])
def test_distances_equal_the_worked_example(case: str) -> None:
    known = cases("profile_fit")[case]
    given, expected, within = known["inputs"], known["expected"], known["tolerance"]
    found = profile_distance(given["x"], given["t"], given["w"], minimums=given["min"])
    for name, value in (
        ("D2", found.d2),
        ("D", found.d),
        ("D2_weighted", found.d2_weighted),
        ("elevation_diff", found.elevation),
        ("scatter_x", found.scatter),
        ("weighted_shortfall", found.shortfall),
        ("compensatory", found.compensatory),
    ):
        assert value[0] == pytest.approx(expected[name], abs=within), name
    assert found.scatter_target == pytest.approx(expected["scatter_t"], abs=within)
    if expected["r_profile"] is None:
        assert np.isnan(found.r[0])
        assert [flag.code for flag in found.flags] == ["flat_profile"]
    else:
        assert found.r[0] == pytest.approx(expected["r_profile"], abs=within)
        assert found.parts[0] == pytest.approx(expected["decomposition"], abs=within)
        assert found.flags == ()
    assert np.flatnonzero(found.failed[0]).tolist() == expected["failed"]
    assert (found.compensatory[0] >= given["cut"] - 1e-12) == expected["compensatory_pass"]
    assert bool(~found.failed[0].any()) == expected["conjunctive_pass"]


def test_a_fit_explains_by_the_same_distances() -> None:
    known = cases("profile_fit")["kam_five_competencies"]
    given, expected = known["inputs"], known["expected"]
    rule = RoleRule(
        cuts=np.array(given["min"]) - 0.5, targets=np.array(given["t"]), weights=np.array(given["w"])
    )
    fit = RoleFit({"KAM": rule}, "KAM", default_prior(5))
    found = fit.evaluate([given["x"]], 0.1 * np.eye(5)[None])
    assert found.d2[0] == pytest.approx(expected["D2"], abs=1e-6)
    assert found.shortfall[0] == pytest.approx(expected["weighted_shortfall"], abs=1e-6)
    assert found.profile_r[0] == pytest.approx(expected["r_profile"], abs=1e-6)


def test_holm_multiplies_by_the_tests_left_and_never_falls() -> None:
    """Worked by hand: .01·4, .013·3 raised to the one before, .03·2, .04 raised to it."""
    found = holm(np.array([0.04, 0.01, 0.03, np.nan, 0.013]))
    assert found == pytest.approx([0.06, 0.04, 0.06, np.nan, 0.04], nan_ok=True)
