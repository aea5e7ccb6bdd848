"""Invariances, limits, extreme scores, refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from kamerton.measure import Table, load
from kamerton.measure.facets import ManyFacetRasch
from tests.measure.facets.simulated import pairs

FACETS = ("person", "item", "rater")


@pytest.fixture(scope="module")
def sample() -> dict[str, np.ndarray]:
    return pairs(n_persons=90, seed=2).ratings


@pytest.fixture(scope="module")
def model(sample: dict[str, np.ndarray]) -> ManyFacetRasch:
    return ManyFacetRasch(facets=FACETS).fit(sample)


def _codes(model: ManyFacetRasch) -> set[str]:
    return {flag.code for flag in model.flags_}


@pytest.mark.parametrize("method", ["marginal", "joint"])
def test_the_order_of_rows_does_not_matter(sample: dict[str, np.ndarray], method: str) -> None:
    order = np.random.default_rng(0).permutation(len(sample["value"]))
    one = ManyFacetRasch(facets=FACETS, method=method).fit(sample)
    two = ManyFacetRasch(facets=FACETS, method=method).fit({name: c[order] for name, c in sample.items()})
    assert one.severity_["rater"] == pytest.approx(two.severity_["rater"], abs=1e-8)
    assert one.table("person")["measure"] == pytest.approx(two.table("person")["measure"], abs=1e-8)


def test_labels_and_the_first_category_may_be_anything(
    model: ManyFacetRasch, sample: dict[str, np.ndarray]
) -> None:
    named = {
        "person": np.array([f"p{k:03d}" for k in sample["person"]]),
        "item": sample["item"],
        "rater": np.array(["abcdef"[k] for k in sample["rater"]], dtype=object),
        "value": sample["value"] + 1.0,
    }
    other = ManyFacetRasch(facets=FACETS).fit(named)
    assert other.severity_["rater"] == pytest.approx(model.severity_["rater"], abs=1e-9)
    assert other.table("rater")["observed_average"] == pytest.approx(
        model.table("rater")["observed_average"] + 1
    )
    assert other.table("rater")["fair_average"] == pytest.approx(model.table("rater")["fair_average"] + 1)


def test_a_structured_array_and_a_table_are_read_alike(
    model: ManyFacetRasch, sample: dict[str, np.ndarray]
) -> None:
    array = np.zeros(len(sample["value"]), dtype=[(name, np.int64) for name in sample])
    for name, column in sample.items():
        array[name] = column
    for given in (array, Table(sample)):
        assert ManyFacetRasch(facets=FACETS).fit(given).log_likelihood_ == model.log_likelihood_


def test_a_rating_not_observed_is_no_rating(model: ManyFacetRasch, sample: dict[str, np.ndarray]) -> None:
    more = {name: np.append(column.astype(float), column[:5]) for name, column in sample.items()}
    more["value"][-5:] = np.nan
    assert ManyFacetRasch(facets=FACETS).fit(more).severity_["rater"] == pytest.approx(
        model.severity_["rater"], abs=1e-9
    )


def test_centred_facets_sum_to_zero_and_the_free_one_carries_the_origin(
    sample: dict[str, np.ndarray],
) -> None:
    model = ManyFacetRasch(facets=FACETS).fit(sample)
    assert abs(model.severity_["rater"].sum()) < 1e-9
    assert abs(model.severity_["item"].sum()) < 1e-9
    for method in ("marginal", "joint"):
        base = ManyFacetRasch(facets=FACETS, method=method).fit(sample)
        free = ManyFacetRasch(facets=FACETS, method=method, free="rater").fit(sample)
        shift = free.severity_["rater"] - base.severity_["rater"]
        assert np.ptp(shift) < 1e-5
        persons = free.table("person")["measure"] - base.table("person")["measure"]
        usable = np.array(["score" not in text for text in base.table("person")["flags"]])
        assert persons[usable] == pytest.approx(np.full(int(usable.sum()), shift[0]), abs=1e-4)
        assert np.all(free.severity_se_["rater"] > base.severity_se_["rater"])


def test_without_a_rater_of_his_own_mind_fair_and_observed_averages_agree() -> None:
    rng = np.random.default_rng(9)
    p, r = (a.ravel() for a in np.meshgrid(np.arange(300), np.arange(3), indexing="ij"))
    value = (rng.normal(size=300)[p] + rng.logistic(size=900) > 0).astype(int)
    table = (
        ManyFacetRasch(facets=("person", "rater"))
        .fit({"person": p, "rater": r, "value": value})
        .table("rater")
    )
    # Ordered alike; a fair average is that of the mean person, so it is a little farther from one half.
    assert np.array_equal(np.argsort(table["fair_average"]), np.argsort(table["observed_average"]))
    assert np.abs(table["fair_average"] - table["observed_average"]).max() < 0.03


def test_perfect_and_zero_scores_are_flagged_and_finite(sample: dict[str, np.ndarray]) -> None:
    value = sample["value"].copy()
    value[sample["person"] == 3], value[sample["person"] == 4] = 4, 0
    table = {**sample, "value": value}
    for method in ("marginal", "joint"):
        model = ManyFacetRasch(facets=FACETS, method=method).fit(table)
        persons = model.table("person")
        assert "perfect_score" in persons["flags"][3]
        assert "zero_score" in persons["flags"][4]
        assert np.isfinite(persons["measure"]).all()
        assert persons["measure"][3] == persons["measure"].max()
        for by in ("wle", "ml"):
            scored = model.estimate("person", table, by=by)
            assert "perfect_score" in scored.flags[3]
            assert np.isfinite(scored.value).all()
            assert scored.value[4] == scored.value.min()


def test_a_rater_at_one_end_is_set_aside_and_measured_by_an_adjusted_score(
    sample: dict[str, np.ndarray],
) -> None:
    table = {name: np.concatenate((column, column[:20])) for name, column in sample.items()}
    table["rater"][-20:], table["value"][-20:] = 77, 4
    for method in ("marginal", "joint"):
        model = ManyFacetRasch(facets=FACETS, method=method).fit(table)
        without = ManyFacetRasch(facets=FACETS, method=method).fit(sample)
        assert "perfect_score" in _codes(model)
        row = model.table("rater")
        assert row["level"][-1] == 77
        assert row["severity"][-1] == row["severity"].min()
        assert row["se"][-1] > row["se"][:-1].max()
        assert row["severity"][:-1] == pytest.approx(without.table("rater")["severity"], abs=1e-6)


def test_an_anchored_rater_is_never_set_aside(sample: dict[str, np.ndarray]) -> None:
    table = {name: np.concatenate((column, column[:20])) for name, column in sample.items()}
    table["rater"][-20:], table["value"][-20:] = 77, 4
    for method in ("marginal", "joint"):
        anchors = {"rater": {77: -1.5, 0: 0.2}}
        model = ManyFacetRasch(facets=FACETS, method=method, anchors=anchors).fit(table)
        row = model.table("rater")
        assert row["severity"][-1] == -1.5
        assert row["se"][-1] == 0
        assert row["flags"][-1].split()[0] == "anchored"
        assert model.severity_["rater"][0] == 0.2


def test_partial_credit_has_thresholds_of_its_own_and_fits_no_worse(sample: dict[str, np.ndarray]) -> None:
    common = ManyFacetRasch(facets=FACETS).fit(sample)
    own = ManyFacetRasch(facets=FACETS, scale="partial:item").fit(sample)
    assert own.thresholds_.shape == (4, 4)
    assert np.abs(own.thresholds_.sum(axis=1)).max() < 1e-9
    assert own.log_likelihood_ > common.log_likelihood_
    assert own.n_parameters_ == common.n_parameters_ + 9


def test_a_category_nobody_used_is_named_and_its_neighbours_are_joined() -> None:
    table = pairs(n_persons=90, seed=2).ratings
    table["value"] = np.where(table["value"] == 2, 3, table["value"])
    model = ManyFacetRasch(facets=FACETS).fit(table)
    assert "unused_category" in _codes(model)
    assert model.thresholds_.shape == (1, 3)
    assert model.table("rater")["observed_average"].max() <= 4


def test_disordered_thresholds_are_flagged() -> None:
    rng = np.random.default_rng(1)
    from tests.measure.facets.simulated import draw

    p, r = (a.ravel() for a in np.meshgrid(np.arange(300), np.arange(4), indexing="ij"))
    value = draw(rng.normal(size=300)[p], rng, np.array([0.8, -0.8]))
    model = ManyFacetRasch(facets=("person", "rater")).fit({"person": p, "rater": r, "value": value})
    assert "disordered_threshold" in _codes(model)
    assert "disordered_threshold" in model.category_table_["flags"][2]


def test_persons_who_do_not_differ_are_said_not_to() -> None:
    rng = np.random.default_rng(0)
    value = np.concatenate([rng.permutation([0, 0, 1, 1, 2, 2]) for _ in range(40)])
    table = {"person": np.repeat(np.arange(40), 6), "rater": np.tile(np.arange(6), 40), "value": value}
    model = ManyFacetRasch(facets=("person", "rater")).fit(table)
    assert "no_spread_of_persons" in _codes(model)
    assert model.converged_


def test_few_persons_and_one_person_are_flagged() -> None:
    table = {
        "person": np.zeros(12, dtype=int),
        "rater": np.arange(12) % 3,
        "value": np.array([0, 1, 2, 1] * 3),
    }
    model = ManyFacetRasch(facets=("person", "rater")).fit(table)
    assert "too_few_persons" in _codes(model)
    assert np.isfinite(model.table("person")["measure"]).all()


def test_a_saved_model_answers_alike(model: ManyFacetRasch, sample: dict[str, np.ndarray]) -> None:
    saved = model.to_dict()
    again = load(json.loads(json.dumps(saved)))
    assert isinstance(again, ManyFacetRasch)
    assert again.to_dict() == saved
    assert np.array_equal(again.estimate("person", sample).value, model.estimate("person", sample).value)


def test_new_persons_by_posterior_mean_get_what_the_fit_gave(
    model: ManyFacetRasch, sample: dict[str, np.ndarray]
) -> None:
    again = model.estimate("person", sample, by="eap")
    assert again.value == pytest.approx(model.table("person")["measure"], abs=1e-5)
    assert again.se == pytest.approx(model.table("person")["se"], abs=1e-5)


def test_inputs_are_left_alone_and_progress_is_reported(sample: dict[str, np.ndarray]) -> None:
    before = {name: column.copy() for name, column in sample.items()}
    seen: list[int] = []
    ManyFacetRasch(facets=FACETS).fit(sample, progress=lambda cycle, objective, change: seen.append(cycle))
    assert all(np.array_equal(sample[name], before[name]) for name in sample)
    assert seen == list(range(1, len(seen) + 1))


def test_a_search_cut_short_says_so(sample: dict[str, np.ndarray]) -> None:
    with pytest.warns(UserWarning, match="stopped after 1 cycle"):
        model = ManyFacetRasch(facets=FACETS, max_cycles=1).fit(sample)
    assert "not_converged" in _codes(model)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"facets": ("person",)}, "at least one other"),
    ({"scale": "steps"}, "partial:<facet>"),
    ({"scale": "partial:person"}, "partial:<facet>"),
    ({"method": "bayes"}, "'marginal' or 'joint'"),
    ({"free": "nobody"}, "free is"),
    ({"anchors": {"rater": {99: 0.0}}}, "has no rating"),
    ({"anchors": {"rater": {0: 0.0}}, "free": "rater"}, "anchored and free"),
    ({"anchors": {"person": {0: 0.0}}}, "anchored and free"),
    ({"extreme_adjustment": 1.5}, "between 0 and 1"),
    ({"value": "score"}, "no column 'score'"),
]


@pytest.mark.parametrize(("settings", "said"), REFUSED)
def test_settings_that_make_no_sense_are_refused(
    sample: dict[str, np.ndarray], settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ManyFacetRasch(**{"facets": FACETS, **settings}).fit(sample)


def test_ratings_that_make_no_sense_are_refused_with_their_place(sample: dict[str, np.ndarray]) -> None:
    value = sample["value"].astype(float)
    value[7] = 2.5
    with pytest.raises(ValueError, match=r"2\.5 in row 7"):
        ManyFacetRasch(facets=FACETS).fit({**sample, "value": value})
    with pytest.raises(ValueError, match="no rating at all"):
        ManyFacetRasch(facets=FACETS).fit({**sample, "value": np.full(len(value), np.nan)})
    with pytest.raises(ValueError, match="No rating is left"):
        ManyFacetRasch(facets=FACETS).fit({**sample, "value": np.full(len(value), 3)})
    with pytest.raises(ValueError, match="was not in the ratings"):
        fitted = ManyFacetRasch(facets=FACETS).fit(sample)
        fitted.estimate("person", {**sample, "rater": sample["rater"] + 50})


@pytest.mark.parametrize("free", [None, "rater"])
def test_errors_of_the_joint_method_are_those_of_the_whole_information(free: str | None) -> None:
    """Information of all persons and levels written out row by row and inverted where the sums are zero."""
    from tests.measure.facets.simulated import draw

    rng = np.random.default_rng(1)
    p, i, r = (a.ravel() for a in np.meshgrid(np.arange(25), np.arange(3), np.arange(4), indexing="ij"))
    table = {"person": p, "item": i, "rater": r, "value": draw(rng.normal(size=25)[p], rng)}
    model = ManyFacetRasch(facets=FACETS, method="joint", free=free).fit(table)
    theta, tau = model.table("person")["measure"], model.thresholds_[0]
    size = 25 + 3 + 4 + len(tau)
    information = np.zeros((size, size))
    for person, item, rater in zip(p, i, r, strict=True):
        at = theta[person] - model.severity_["item"][item] - model.severity_["rater"][rater]
        log = np.concatenate(([0.0], np.cumsum(at - tau)))
        share = np.exp(log) / np.exp(log).sum()
        features = np.zeros((len(tau) + 1, size))
        for k in range(len(tau) + 1):
            features[k, [person, 25 + item, 28 + rater]] = k, -k, -k
            features[k, 32 : 32 + k] = -1
        mean = share @ features
        information += (features * share[:, None]).T @ features - np.outer(mean, mean)
    sums = np.zeros((3, size))
    sums[0, 25:28] = sums[1, 32:] = 1
    sums[2, slice(28, 32) if free is None else slice(0, 25)] = 1
    space = np.linalg.svd(sums)[2][3:].T
    se = np.sqrt(np.diag(space @ np.linalg.inv(space.T @ information @ space) @ space.T))
    assert model.table("person")["se"] == pytest.approx(se[:25], abs=1e-8)
    assert model.severity_se_["item"] == pytest.approx(se[25:28], abs=1e-8)
    assert model.severity_se_["rater"] == pytest.approx(se[28:32], abs=1e-8)
    assert model.thresholds_se_[0] == pytest.approx(se[32:], abs=1e-8)


def test_derivatives_of_the_marginal_likelihood_are_those_of_finite_differences(
    sample: dict[str, np.ndarray],
) -> None:
    from kamerton.measure.facets._long import build_design, read_long
    from kamerton.measure.facets._marginal import Marginal, nodes
    from kamerton.measure.facets._parameters import layout

    design = build_design(read_long(sample, FACETS, "value"), 1)
    plan = layout(design, [{}, {}], 0, mean=None, log_sd=None)
    model, z = Marginal(design, plan, {0: 0.3}), nodes(0.25, 6.0)
    free = np.random.default_rng(0).normal(scale=0.1, size=plan.n_free)
    last = model.run(plan.point(free), z, information=True)
    gradient = plan.basis.T @ last.gradient
    information = (plan.basis.T @ (last.complete - last.missing) @ plan.basis).toarray()
    for k in range(plan.n_free):
        move = np.zeros(plan.n_free)
        move[k] = 1e-4
        up, down = plan.point(free + move), plan.point(free - move)
        assert gradient[k] == pytest.approx((model.value(up, z) - model.value(down, z)) / 2e-4, abs=1e-5)
        slope = plan.basis.T @ (
            model.run(up, z, information=False).gradient - model.run(down, z, information=False).gradient
        )
        assert information[k] == pytest.approx(-slope / 2e-4, abs=1e-4)


def test_a_scale_without_error_has_no_finite_maximum_and_says_so() -> None:
    p, r = (a.ravel() for a in np.meshgrid(np.arange(60), np.arange(3), indexing="ij"))
    value = (np.linspace(-2, 2, 60)[p] > np.array([-1, 0, 1])[r]).astype(int)
    with pytest.warns(UserWarning, match="stopped after"):
        model = ManyFacetRasch(facets=("person", "rater"), max_cycles=40).fit(
            {"person": p, "rater": r, "value": value}
        )
    assert _codes(model) & {"no_finite_maximum", "not_converged"}


def test_a_facet_of_one_level_stays_at_zero(sample: dict[str, np.ndarray]) -> None:
    table = {**sample, "exercise": np.zeros(len(sample["value"]), dtype=int)}
    for method in ("marginal", "joint"):
        model = ManyFacetRasch(facets=(*FACETS, "exercise"), method=method).fit(table)
        plain = ManyFacetRasch(facets=FACETS, method=method).fit(sample)
        assert model.severity_["exercise"] == pytest.approx([0.0], abs=1e-9)
        assert model.severity_["rater"] == pytest.approx(plain.severity_["rater"], abs=1e-6)
        assert model.severity_se_["rater"] == pytest.approx(plain.severity_se_["rater"], abs=1e-6)
        assert "not_identified" not in _codes(model)
