"""docs/methods/score-chain.md is the expected value: every table is read and compared with the code, cell by cell."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from kamerton.measure.chain import Calibration, ChainData, ChainResult, ChainSpec, evaluate
from kamerton.measure.facets import VarianceComponents
from kamerton.measure.fit import RoleRule

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "score-chain.md"
TOLERANCE = 1e-6
C = ("C1", "C2", "C3")
I = ("HT", "E1", "E2")  # noqa: E741


def read_tables() -> dict[str, list[list[str]]]:
    tables: dict[str, list[list[str]]] = {}
    for name, body in re.findall(r"<!-- table: (\w+) -->\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8")):
        lines = [
            [x.strip() for x in line.strip().strip("|").split("|")] for line in body.strip().splitlines()
        ]
        tables[name] = lines[2:]
    return tables


TABLES = read_tables()
NOT_GIVEN = {"not presented", "not observed"}


def number(text: str) -> float:
    return float("nan") if text in NOT_GIVEN else float(text)


def numbers(name: str, first: int = 1) -> np.ndarray:
    return np.array([[number(x) for x in row[first:]] for row in TABLES[name]])


def the_case(*, draws_of_the_page: bool = True) -> ChainResult:
    panel = numbers("panel")
    items = TABLES["items"]
    rules = {}
    for row in TABLES["rules"]:
        x = [float(v) for v in row[1:11]]
        rules[row[0]] = RoleRule(
            cuts=np.array(x[0:3]),
            targets=np.array(x[3:6]),
            weights=np.array(x[6:9]),
            composite_cut=x[9],
            trainable=np.array([c in row[11].split() for c in C]),
        )
    spec = ChainSpec(
        competencies=C,
        instruments=I,
        weights=numbers("weights"),
        is_simulation=np.array([False, True, True]),
        item_block=np.array([C.index(r[1]) for r in items]),
        item_max=np.array([float(r[2]) for r in items]),
        item_partial=np.array([r[3] == "yes" for r in items]),
        item_text=np.array([r[4] == "yes" for r in items]),
        knots=panel[:, :4],
        knot_sd=panel[:, 5],
        judges=panel[:, 6].astype(int),
        clusters={"client": (0, 1), "delivery": (2,)},
        rules=rules,
        role="KAM",
    )
    raters = tuple(r[0] for r in TABLES["severities"])
    ratings = TABLES["ratings"]
    data = ChainData(
        persons=("p1",),
        item_scores=np.array([[number(r[5]) for r in items]]),
        person=np.zeros(len(ratings), dtype=int),
        exercise=np.array([I.index(r[0]) for r in ratings]),
        competency=np.array([C.index(r[1]) for r in ratings]),
        rater=np.array([raters.index(r[2]) for r in ratings]),
        rating=np.array([number(r[3]) for r in ratings]),
        raters=raters,
    )
    calibration = Calibration.given(
        severity={r[0]: float(r[1]) for r in TABLES["severities"]},
        severity_se={r[0]: float(r[2]) for r in TABLES["severities"]},
        components=VarianceComponents(**{r[0]: float(r[1]) for r in TABLES["components"]}),
        difficulty_shape=(3, 3),
    )
    normals = np.array([[float(x) for x in r[1:4]] for r in TABLES["draws"]])
    return evaluate(spec, data, calibration=calibration, normals=normals if draws_of_the_page else None)


@pytest.fixture(scope="module")
def case() -> ChainResult:
    return the_case()


def equal(got: object, expected: object) -> None:
    np.testing.assert_allclose(
        np.asarray(got, dtype=float), np.asarray(expected, dtype=float), rtol=0, atol=TOLERANCE
    )


def test_blocks_go_from_answers_to_levels(case: ChainResult) -> None:
    want = numbers("block_scores")
    b = case.blocks
    equal(b.score[0], want[:, 0])
    equal(b.presented_points[0], want[:, 1])
    maxima = numbers("panel")[:, 4]
    equal(b.score[0] * maxima / b.presented_points[0], want[:, 2])
    equal(b.value[0], want[:, 3])
    equal(b.n_items[0], want[:, 4])


def test_blocks_carry_the_error_of_answers_texts_and_link(case: ChainResult) -> None:
    want = numbers("block_errors")
    equal(case.blocks.variance_test[0], want[:, 3] + want[:, 4])
    equal(case.blocks.se_test[0], want[:, 5])
    equal(case.blocks.link_se, want[:, 6])


def test_cells_are_the_ratings_without_severity(case: ChainResult) -> None:
    t = case.cells
    seen = 0
    for row in TABLES["cells"]:
        at = (0, I.index(row[0]), C.index(row[1]))
        got = [t.raw, t.value, t.n_raters, t.severity_variance, t.shared, t.unique, t.error]
        equal([g[at] for g in got], [float(x) for x in row[2:]])
        seen += 1
    assert seen == t.observed.sum()
    assert case.competency_flags[0][2] == ("single_rater",)


def test_instruments_combine_by_the_weights_stated(case: ChainResult) -> None:
    equal(case.combined.weights_used[0], numbers("weights_used"))
    equal(case.V[0], numbers("error_covariance"))
    want = numbers("combined")
    equal(case.y[0], want[:, 0])
    equal(case.combined.se[0], want[:, 1])
    equal(case.combined.method_free_se[0], want[:, 2])


def test_conflict_and_second_opinion(case: ChainResult) -> None:
    m = case.combined
    want = numbers("conflict")
    got = [m.precision_value, m.precision_se, m.conflict_q, m.conflict_df, m.conflict_p]
    equal(np.column_stack([g[0] for g in got]), want)


def test_composite_and_clusters(case: ChainResult) -> None:
    for row in TABLES["headline"]:
        got = case.composite if row[0] == "composite" else case.clusters[row[0]]
        equal([got.value[0], got.se[0], got.reliability[0]], [float(x) for x in row[1:]])


def test_posterior_of_the_true_levels(case: ChainResult) -> None:
    want = numbers("posterior")
    equal(case.fit.mean[0], want[:, 0])
    equal(case.fit.covariance[0], want[:, 1:4])
    equal(np.linalg.cholesky(case.fit.covariance[0]), want[:, 4:7])


def test_each_draw_gets_the_category_of_the_page(case: ChainResult) -> None:
    from kamerton.measure.fit import CATEGORIES, RoleFit, categorise

    spec_rules = {
        r[0]: RoleRule(
            cuts=np.array([float(x) for x in r[1:4]]),
            targets=np.array([float(x) for x in r[4:7]]),
            weights=np.array([float(x) for x in r[7:10]]),
            composite_cut=float(r[10]),
            trainable=np.array([c in r[11].split() for c in C]),
        )
        for r in TABLES["rules"]
    }
    fit = RoleFit(spec_rules, "KAM", case.prior, competencies=C)
    z = np.array([[float(x) for x in r[1:4]] for r in TABLES["draws"]])
    levels = fit.levels(case.fit.mean, case.fit.covariance, z)[0]
    equal(levels, [[float(x) for x in r[4:7]] for r in TABLES["draws"]])
    equal(levels @ spec_rules["KAM"].weights, [float(r[7]) for r in TABLES["draws"]])
    category, holds = categorise(levels, spec_rules, "KAM")
    assert [CATEGORIES[k] for k in category] == [r[8] for r in TABLES["draws"]]
    assert holds["Hunter"].tolist() == [r[9] == "yes" for r in TABLES["draws"]]


def test_shares_of_the_draws_and_the_proposal(case: ChainResult) -> None:
    f = case.fit
    got = {
        "P(C1 met)": f.p_met[0, 0],
        "P(C2 met)": f.p_met[0, 1],
        "P(C3 met)": f.p_met[0, 2],
        "P(all minimums)": f.p_minimums[0],
        "P(composite)": f.p_composite[0],
        "P(A)": f.p_category[0, 0],
        "P(B)": f.p_category[0, 1],
        "P(C)": f.p_category[0, 2],
        "P(D)": f.p_category[0, 3],
        "P(Hunter)": f.p_roles[0, f.roles.index("Hunter")],
        "stability": f.stability[0],
    }
    assert set(got) == {r[0] for r in TABLES["probabilities"]}
    for name, value in TABLES["probabilities"]:
        equal(got[name], float(value))
    assert [f.proposal[0], f.alternative[0]] == TABLES["proposal"][0]


def test_gates_that_would_settle_the_case(case: ChainResult) -> None:
    rows = TABLES["settle"]
    equal(case.fit.change_by_gate[0], [float(r[4]) for r in rows])
    for c, row in enumerate(rows):
        equal(case.new_evidence[0, c, I.index(row[2])], float(row[3]))
    best = sorted(rows, key=lambda r: -float(r[4]))[:2]
    assert [(g[0], g[1]) for g in case.fit.settle[0]] == [(r[0], r[2]) for r in best]


def test_explanations(case: ChainResult) -> None:
    got = {"D2": case.fit.d2[0], "shortfall": case.fit.shortfall[0], "profile r": case.fit.profile_r[0]}
    for name, value in TABLES["explanation"]:
        equal(got[name], float(value))


def test_seeded_draws_approach_the_closed_form() -> None:
    f = the_case(draws_of_the_page=False).fit
    want = {r[0]: float(r[1]) for r in TABLES["closed_form"]}
    for c, name in enumerate(C):
        assert f.p_met[0, c] == pytest.approx(want[f"P({name} met)"], abs=0.03)
    assert f.p_composite[0] == pytest.approx(want["P(composite)"], abs=0.03)


def test_the_page_is_read_whole() -> None:
    assert len(TABLES) == 22
