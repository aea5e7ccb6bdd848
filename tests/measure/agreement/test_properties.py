"""Invariances, limits and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kamerton.measure.agreement import (
    cohen_kappa,
    conger_kappa,
    finn,
    fleiss_kappa,
    fleiss_kappa_from_counts,
    group_icc,
    gwet_ac,
    icc,
    kendall_w,
    krippendorff_alpha,
    light_kappa,
    mean_correlation,
    null_variance,
    pabak,
    pairwise_agreement,
    percentage_agreement,
    rater_confusion,
    within_group_agreement,
)

SCALE = arrays(
    np.float64, st.tuples(st.integers(4, 12), st.integers(2, 5)), elements=st.integers(1, 5).map(float)
)
MANY = (conger_kappa, fleiss_kappa, gwet_ac, light_kappa, pabak)


@settings(max_examples=40, deadline=None)
@given(SCALE, st.randoms(use_true_random=False))
def test_order_of_subjects_and_raters_changes_nothing(x, random):
    rows, columns = list(range(len(x))), list(range(x.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    y = x[rows][:, columns]
    for coefficient in MANY:
        one, two = coefficient(x), coefficient(y)
        assert one.value == pytest.approx(two.value, abs=1e-10, nan_ok=True)
        assert one.se == pytest.approx(two.se, abs=1e-8, nan_ok=True)
    for metric in ("nominal", "ordinal", "interval", "ratio"):
        values = [krippendorff_alpha(z, metric=metric, bootstrap=0).value for z in (x, y)]
        assert values[0] == pytest.approx(values[1], abs=1e-10, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(SCALE)
def test_coefficients_do_not_pass_one_and_inputs_stay(x):
    before = x.copy()
    for coefficient in MANY:
        found = coefficient(x)
        assert np.isnan(found.value) or found.value <= 1 + 1e-12
    np.testing.assert_array_equal(x, before)


def test_perfect_agreement_is_one_whatever_the_coefficient():
    x = np.array([[1.0, 1, 1], [2, 2, 2], [5, 5, 5], [3, 3, 3]])
    for coefficient in MANY:
        assert coefficient(x).value == pytest.approx(1)
    assert krippendorff_alpha(x).value == 1
    assert kendall_w(x).value == pytest.approx(1)
    assert icc(x)["ICC(A,1)"].value == pytest.approx(1)
    assert "perfect_consistency" in {f.code for f in icc(x)["ICC(C,1)"].flags}


def test_one_category_is_not_agreement_but_nothing_to_compare():
    x = np.ones((10, 3))
    for coefficient in (conger_kappa, fleiss_kappa):
        found = coefficient(x)
        assert not found.is_reported and found.flags[-1].code == "no_variance" and found.observed == 1
    assert krippendorff_alpha(x).flags[-1].code == "no_variance"
    with pytest.raises(ValueError, match="all ratings are equal"):
        icc(x)


def test_conger_of_two_raters_is_cohen_and_pabak_of_two_categories_is_twice_the_agreement_less_one():
    x = np.random.default_rng(1).integers(1, 3, (50, 2))
    assert conger_kappa(x).value == pytest.approx(cohen_kappa(x).value)
    assert light_kappa(x).value == pytest.approx(cohen_kappa(x).value)
    assert pabak(x).value == pytest.approx(2 * percentage_agreement(x).value - 1)


def test_linearised_errors_equal_the_jackknife():
    rng = np.random.default_rng(2)
    x = np.clip(np.rint(rng.normal(3, 1, (90, 1)) + rng.normal(0, 0.7, (90, 4))), 1, 5)
    for coefficient in (conger_kappa, fleiss_kappa, gwet_ac):
        for weights in ("identity", "quadratic"):
            left = [coefficient(np.delete(x, i, 0), weights=weights).value for i in range(90)]
            jackknife = np.sqrt(89 / 90 * np.sum((left - np.mean(left)) ** 2))
            assert coefficient(x, weights=weights).se == pytest.approx(jackknife, rel=0.04)


def test_own_weights_of_identity_and_of_linear_are_the_named_ones():
    x = np.random.default_rng(3).integers(0, 3, (40, 2))
    linear = 1 - np.abs(np.subtract.outer(range(3), range(3))) / 2
    assert cohen_kappa(x, weights=np.eye(3)).value == cohen_kappa(x).value
    assert cohen_kappa(x, weights=linear).value == pytest.approx(cohen_kappa(x, weights="linear").value)
    with pytest.raises(ValueError, match="1 on the diagonal"):
        cohen_kappa(x, weights=1 - np.eye(3))


def test_fleiss_from_counts_equals_fleiss_from_ratings():
    x = np.random.default_rng(4).integers(0, 3, (30, 5))
    counts = np.stack([(x == k).sum(axis=1) for k in range(3)], axis=1)
    one, two = fleiss_kappa(x), fleiss_kappa_from_counts(counts)
    assert (one.value, one.se, one.p_value) == pytest.approx((two.value, two.se, two.p_value))


def test_labels_and_missing_cells_are_read_and_an_unknown_label_is_named():
    x = [["good", "good"], ["poor", None], ["fair", "good"], ["poor", "poor"]]
    found = cohen_kappa(x, categories=["poor", "fair", "good"], weights="linear")
    assert found.n == 3 and found.flags[0].code == "rows_dropped"
    with pytest.raises(ValueError, match="row 1, rater 0 has category 'poor'"):
        cohen_kappa(x, categories=["fair", "good"])


def test_numbers_and_texts_are_coded_alike():
    x = np.random.default_rng(13).integers(1, 5, (30, 3)).astype(float)
    x[2, 1] = np.nan
    for categories in (None, [4, 2, 1, 3]):
        slow = [[None if np.isnan(v) else int(v) for v in row] for row in x]
        one, two = (conger_kappa(v, weights="linear", categories=categories) for v in (x, slow))
        assert (one.value, one.se) == pytest.approx((two.value, two.se))
    with pytest.raises(ValueError, match="not among"):
        conger_kappa(x, categories=[1, 2, 3])


def test_an_unused_category_is_named_and_changes_gwet_and_pabak():
    x = np.random.default_rng(5).integers(1, 4, (30, 3))
    wide = gwet_ac(x, categories=[1, 2, 3, 4, 5])
    assert [f.where for f in wide.flags if f.code == "unused_category"] == ["4", "5"]
    assert wide.value != gwet_ac(x).value
    assert fleiss_kappa(x, categories=[1, 2, 3, 4, 5]).value == pytest.approx(fleiss_kappa(x).value)


def test_alpha_is_the_same_for_linear_changes_of_an_interval_scale_and_orders_of_an_ordinal_one():
    x = np.random.default_rng(6).integers(1, 6, (40, 3)).astype(float)
    x[0, 0] = np.nan
    base = krippendorff_alpha(x, bootstrap=0).value
    assert krippendorff_alpha(3 * x - 7, bootstrap=0).value == pytest.approx(base)
    ordinal = krippendorff_alpha(x, metric="ordinal", bootstrap=0).value
    assert krippendorff_alpha(np.exp(x), metric="ordinal", bootstrap=0).value == pytest.approx(ordinal)
    own = krippendorff_alpha(x, metric=lambda a, b: (a - b) ** 2, bootstrap=0).value
    assert own == pytest.approx(base)


def test_alpha_draws_the_same_interval_from_the_same_seed():
    x = np.random.default_rng(7).integers(1, 6, (40, 3)).astype(float)
    one, two, other = (krippendorff_alpha(x, seed=s, bootstrap=200) for s in (3, 3, 4))
    assert one == two and one.interval != other.interval


def test_icc_refuses_a_gap_by_name_and_drops_rows_when_told():
    x = np.random.default_rng(8).normal(size=(20, 3))
    x[4, 1] = np.nan
    with pytest.raises(ValueError, match="row 4, rater 1 is missing"):
        icc(x)
    found = icc(x, missing="complete")
    assert found.n == 19 and "rows_dropped" in {f.code for f in found.flags}
    assert found["ICC(A,1)"].value == pytest.approx(icc(np.delete(x, 4, 0))["ICC(A,1)"].value)


def test_icc_by_reml_equals_the_table_when_complete_and_positive():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(30, 1)) + rng.normal(0, 0.5, (1, 4)) + rng.normal(0, 0.7, (30, 4))
    table, reml = icc(x), icc(x, missing="reml")
    assert [f.value for f in reml] == pytest.approx([f.value for f in table], abs=1e-6)


def test_icc_moves_with_severity_only_where_agreement_counts():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(30, 1)) + rng.normal(0, 0.5, (30, 3))
    severe = x + np.array([0, 1, -1.0])
    assert icc(severe)["ICC(C,1)"].value == pytest.approx(icc(x)["ICC(C,1)"].value)
    assert icc(severe)["ICC(A,1)"].value < icc(x)["ICC(A,1)"].value
    with pytest.raises(KeyError, match="ICC\\(2,1\\)"):
        icc(x)["ICC(4,1)"]


def test_kendall_w_gives_the_mean_spearman_and_ignores_the_scale():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(12, 1)) + rng.normal(size=(12, 4))
    w = kendall_w(x)
    rho = mean_correlation(x, kind="spearman", average="plain").value
    assert (4 * w.value - 1) / 3 == pytest.approx(rho)
    assert kendall_w(np.exp(x)).value == pytest.approx(w.value)
    shuffled = kendall_w(x, permutations=400, bootstrap=100)
    assert 0 < shuffled.p_value < 0.05 and shuffled.interval.low < shuffled.value
    assert abs(shuffled.p_value - w.p_value) < 0.03


def test_finn_names_a_scale_too_short_and_flags_worse_than_chance():
    with pytest.raises(ValueError, match="more than 3 options"):
        finn([[1, 5], [2, 4]], options=3)
    assert finn([[1, 5], [5, 1], [1, 5]], options=5).flags[-1].code == "negative_value"


def test_null_distributions_have_the_published_variances():
    assert [null_variance(a) for a in (3, 5, 7)] == pytest.approx([8 / 12, 2.0, 4.0])
    # LeBreton and Senter (2008), table 2, five options
    published = {"slight_skew": 1.34, "moderate_skew": 0.90, "heavy_skew": 0.44, "normal": 1.04}
    assert {k: round(null_variance(5, k), 2) for k in published} == published
    assert null_variance(6, "triangular") == pytest.approx((36 + 12 - 2) / 24)
    assert null_variance(5, [0.2] * 5) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="defined for 5 options"):
        null_variance(7, "heavy_skew")


def test_a_smaller_null_never_raises_agreement():
    x = [[4, 4], [4, 3], [5, 4], [4, 4], [3, 5], [4, 4]]
    values = [
        within_group_agreement(x, options=5, null=null, bootstrap=0).r_wg_j.value
        for null in ("uniform", "slight_skew", "moderate_skew", "heavy_skew")
    ]
    assert values == sorted(values, reverse=True)


def test_a_wg_is_one_at_agreement_and_minus_one_when_split_between_the_ends():
    same = within_group_agreement([[3], [3], [3], [3]], options=5, bootstrap=0)
    split = within_group_agreement([[1], [1], [5], [5]], options=5, bootstrap=0)
    assert same.a_wg.value == pytest.approx(1) and split.a_wg.value == pytest.approx(-1)
    assert split.r_wg.value == 0 and "more_than_null" in {f.code for f in split.flags}
    with pytest.raises(ValueError, match="outside 1–5"):
        within_group_agreement([[1], [6]], options=5)


def test_groups_of_the_same_answers_have_icc_of_one_and_of_chance_below_zero():
    assert group_icc([1, 1, 2, 2, 3, 3], list("aabbcc")).icc1.value == pytest.approx(1)
    even = group_icc([1, 3, 1, 3, 1, 3], list("aabbcc"))
    assert even.icc1.value < 0 and "negative_value" in {f.code for f in even.flags}
    assert even.group_reliability["reliability"].tolist() == [0, 0, 0]


def test_pairs_show_who_stands_apart():
    rng = np.random.default_rng(12)
    truth = rng.integers(2, 5, 60).astype(float)
    x = np.stack([truth, np.clip(truth + rng.integers(-1, 2, 60), 1, 5), truth + 1], axis=1)
    found = pairwise_agreement(x, raters=["Ann", "Bob", "Cid"], categories=[1, 2, 3, 4, 5])
    raters = {r["rater"]: r for r in found.raters.rows()}
    assert raters["Cid"]["difference"] == pytest.approx(1, abs=0.2)
    assert raters["Ann"]["correlation"] > raters["Bob"]["correlation"]
    pair = next(r for r in found.pairs.rows() if (r["first"], r["second"]) == ("Ann", "Cid"))
    assert (pair["exact"], pair["adjacent"], pair["mean_difference"]) == (0, 1, -1)
    assert pair["n"] == 60


def test_pairs_without_common_subjects_are_named():
    x = [[1, None], [None, 2], [3, None]]
    found = pairwise_agreement(x, raters=["Ann", "Bob"])
    assert len(found.pairs) == 0 and found.flags[0].where == "Ann–Bob"


def test_confusion_counts_each_subject_once_and_names_the_largest_mix():
    x = [["a", "a"], ["a", "b"], ["a", "b"], ["b", "b"], [None, "a"]]
    found = rater_confusion(x, "Ann", "Bob", raters=["Ann", "Bob"])
    assert found.counts.sum() == found.n == 4
    assert found.most_confused == (("a", "b", 2),)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)
    with pytest.raises(ValueError, match="Dan"):
        rater_confusion(x, "Ann", "Dan", raters=["Ann", "Bob"])
