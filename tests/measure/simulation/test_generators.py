"""Generators give what they promise: probabilities, planted behaviours, linked forms, severity, drift; and the models
of the library find it again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from kamerton.measure.facets import ManyFacetRasch, connectedness
from kamerton.measure.irt import GeneralizedPartialCredit, GradedResponse, TwoParameter
from kamerton.measure.simulation import Items, booklets, make_items, simulate_answers, simulate_ratings

MODELS = ["rasch", "2pl", "3pl", "grm", "pcm", "gpcm", "rsm"]


@pytest.mark.parametrize("model", MODELS)
def test_shares_of_answers_follow_the_stated_probabilities(model: str) -> None:
    k = 2 if model in MODELS[:3] else 4
    items = make_items(5, 3, model=model, categories=k)  # type: ignore[arg-type]
    p = items.probabilities(np.full(1, 0.4))[0]
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (p >= 0).all()
    x = simulate_answers(items, 20_000, 5, ability=np.full(20_000, 0.4)).answers
    for category in range(k):
        np.testing.assert_allclose((x == category).mean(axis=0), p[:, category], atol=0.015)


def test_probabilities_are_those_of_the_textbook() -> None:
    two = Items("3pl", np.array([1.5]), np.array([[0.3]]), np.array([0.2]), np.array([0]))  # type: ignore[arg-type]
    assert two.probabilities([1.0])[0, 0, 1] == pytest.approx(0.2 + 0.8 * expit(1.5 * 0.7))
    steps = np.array([[-0.5, 0.5]])
    pcm = Items("pcm", np.ones(1), steps, np.zeros(1), np.array([0]))  # type: ignore[arg-type]
    log = np.array([0, 0.2 + 0.5, 2 * 0.2])
    np.testing.assert_allclose(pcm.probabilities([0.2])[0, 0], np.exp(log) / np.exp(log).sum())
    grm = Items("grm", np.array([2.0]), steps, np.zeros(1), np.array([0]))  # type: ignore[arg-type]
    np.testing.assert_allclose(
        grm.probabilities([0.2])[0, 0], [1 - expit(1.4), expit(1.4) - expit(-0.6), expit(-0.6)]
    )


def test_items_of_unlike_length_stand_in_one_form() -> None:
    items = Items(
        "gpcm", np.ones(2), np.array([[0.0, np.nan], [-0.5, 0.5]]), np.zeros(2), np.zeros(2, dtype=int)
    )  # type: ignore[arg-type]
    assert items.categories.tolist() == [2, 3]
    x = simulate_answers(items, 500, 1).answers
    assert x[:, 0].max() == 1 and x[:, 1].max() == 2


def test_dimensions_correlate_as_stated() -> None:
    items = make_items(6, 1, dimensions=3)
    found = simulate_answers(items, 20_000, 2, correlation=0.6)
    r = np.corrcoef(found.ability.T)
    np.testing.assert_allclose(r[np.triu_indices(3, 1)], 0.6, atol=0.02)
    assert items.dimension.tolist() == [0, 1, 2, 0, 1, 2]


def test_planted_persons_leave_the_others_as_they_were() -> None:
    items = make_items(20, 1)
    plain = simulate_answers(items, 300, 2)
    mixed = simulate_answers(items, 300, 2, guessers=0.1, testwise=0.1, speeded=0.2)
    solving = np.array([b == "solving" for b in mixed.behaviour])
    assert solving.sum() == 180
    assert np.array_equal(plain.answers[solving], mixed.answers[solving])


def test_guessers_score_at_chance_and_the_testwise_above_what_they_know() -> None:
    items = make_items(30, 1, location_sd=0.5)
    weak = np.full(4000, -1.5)
    plain = simulate_answers(items, 4000, 2, ability=weak).answers.mean()
    lucky = simulate_answers(items, 4000, 2, ability=weak, guessers=1.0).answers.mean()
    crafty = simulate_answers(items, 4000, 2, ability=weak, testwise=1.0).answers.mean()
    assert lucky == pytest.approx(0.25, abs=0.01)
    assert crafty == pytest.approx(plain + (1 - plain) / 2, abs=0.01)


@pytest.mark.parametrize(("after", "value"), [("zero", 0.0), ("missing", np.nan), ("guess", None)])
def test_speeded_persons_do_not_reach_the_end(after: str, value: float | None) -> None:
    found = simulate_answers(make_items(40, 1), 200, 2, speeded=0.5, after=after)  # type: ignore[arg-type]
    slow = np.array([b == "speeded" for b in found.behaviour])
    assert found.reached[~slow].all() and not found.reached[slow, -1].all()
    assert found.reached[slow].mean() == pytest.approx(0.7, abs=0.03)
    assert (np.diff(found.reached.astype(int), axis=1) <= 0).all()
    rest = found.answers[~found.reached]
    if value is None:
        assert rest.mean() == pytest.approx(0.25, abs=0.03)
    else:
        assert np.array_equal(rest, np.full_like(rest, value), equal_nan=True)


def test_booklets_link_all_items_with_even_loads() -> None:
    seen = booklets(60, 23, 6, 2, 1)
    assert set(seen.sum(axis=0).tolist()) == {20}
    together = seen.astype(int).T @ seen.astype(int)
    reach = np.linalg.matrix_power((together > 0).astype(float), 6)
    assert (reach > 0).all()
    x = simulate_answers(make_items(23, 1), 60, 2, presented=seen).answers
    assert np.array_equal(np.isnan(x), ~seen)


def test_a_shift_makes_an_item_harder_for_those_it_names() -> None:
    items = make_items(4, 1)
    shift = np.zeros((4000, 4))
    shift[:2000, 0] = 1.0
    x = simulate_answers(items, 4000, 2, ability=np.zeros(4000), shift=shift).answers
    assert x[:2000, 0].mean() < x[2000:, 0].mean() - 0.15
    assert x[:2000, 1:].mean() == pytest.approx(x[2000:, 1:].mean(), abs=0.03)


@pytest.mark.parametrize(
    ("kind", "model", "k"),
    [(TwoParameter, "2pl", 2), (GradedResponse, "grm", 4), (GeneralizedPartialCredit, "gpcm", 4)],
)
def test_models_find_the_items_again(kind: type, model: str, k: int) -> None:
    items = make_items(12, 1, model=model, categories=k)  # type: ignore[arg-type]
    found = simulate_answers(items, 3000, 2)
    fitted = kind(standard_errors=False).fit(found.answers)
    assert np.corrcoef(fitted.slope_, items.slope)[0, 1] > 0.93
    ability = fitted.estimate(found.answers).value
    assert np.corrcoef(ability, found.ability[:, 0])[0, 1] > 0.8


def test_a_many_facet_model_finds_severities_again() -> None:
    found = simulate_ratings(250, 3, 2, 6, 1)
    model = ManyFacetRasch(facets=("person", "exercise", "competency", "rater")).fit(dict(found.ratings))
    table = model.table("rater")
    error = table["severity"] - found.severity[:, 0]
    assert np.abs(error).max() < 4 * table["se"].max()
    assert np.corrcoef(table["severity"], found.severity[:, 0])[0, 1] > 0.98


def test_drift_moves_severity_and_central_raters_keep_to_the_middle() -> None:
    found = simulate_ratings(
        400, 2, 3, 4, 1, occasions=4, drift_sd=0.4, central={0: 0.3}, severity_sd=0.0, per_performance=4
    )
    assert found.severity.shape == (4, 4) and found.severity.std(axis=1).min() > 0
    value, rater = found.ratings["value"], found.ratings["rater"]
    true = found.ability[found.ratings["person"], found.ratings["competency"]]
    slope = [np.polyfit(true[rater == r], value[rater == r], 1)[0] for r in range(4)]
    assert slope[0] < 0.5 * min(slope[1:])
    assert np.array_equal(np.unique(found.ratings["occasion"]), np.arange(4))


def test_halo_and_method_tie_ratings_of_one_exercise() -> None:
    def tie(**kw: float) -> float:
        found = simulate_ratings(600, 2, 2, 2, 1, correlation=0.0, **kw)  # type: ignore[arg-type]
        r = found.ratings
        table = np.empty((600, 2, 2, 2))
        table[r["person"], r["exercise"], r["rater"], r["competency"]] = r["value"]
        same = np.corrcoef(table[:, 0, 0, 0], table[:, 0, 0, 1])[0, 1]
        return float(same)

    assert abs(tie()) < 0.1
    assert tie(halo_sd=1.0) > 0.2 and tie(method_sd=1.0) > 0.2


def test_unconnected_designs_can_be_asked_for() -> None:
    pairs = np.where(np.arange(40)[:, None, None] < 20, [[0, 1]], [[2, 3]]).astype(int)
    found = simulate_ratings(40, 1, 2, 4, 1, pairs=pairs)
    r = found.ratings
    nested = {"person": r["person"], "rater": r["rater"], "value": r["value"]}
    assert connectedness(nested, facets=("person", "rater")).missing_links == 1


def test_the_same_seed_gives_the_same_rows_and_absent_ones_are_left_out() -> None:
    a, b = simulate_ratings(30, 2, 2, 3, 7), simulate_ratings(30, 2, 2, 3, 7)
    assert all(np.array_equal(a.ratings[k], b.ratings[k]) for k in a.ratings)
    fewer = simulate_ratings(30, 2, 2, 3, 7, absent=0.25)
    assert 0.6 < len(fewer.ratings["value"]) / len(a.ratings["value"]) < 0.9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: make_items(5, 1, model="2pl", categories=3), "have 2 categories"),
        (lambda: make_items(0, 1), "at least 1 item"),
        (lambda: simulate_answers(make_items(5, 1), 10, 1, guessers=0.8, speeded=0.4), "sum to at most 1"),
        (lambda: simulate_answers(make_items(5, 1), 10, 1, ability=np.zeros((10, 2))), "one a dimension"),
        (lambda: simulate_answers(make_items(5, 1), 10, 1, eliminated=4), "less than options"),
        (lambda: booklets(10, 10, 5, 1, 1), "hang together nowhere"),
        (lambda: simulate_ratings(5, 1, 1, 2, 1, per_performance=3), "Enlarge the pool"),
        (lambda: simulate_ratings(5, 1, 1, 2, 1, pairs=np.zeros((5, 2, 2))), "pairs must have shape"),
    ],
)
def test_refuses_designs_that_cannot_be(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
