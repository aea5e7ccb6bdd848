from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamerton.apps.delivery.models import FreeText
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.reporting.readmodels import assessors_page, compare_page, person_page, proof_page
from tests.apps.reporting.world import ROLE, World, add_stray, make_world
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_leads_from_a_number_down_to_ratings_and_quotes(world: World) -> None:
    page = person_page(world.project, ROLE, world.people[3].id, "ru")
    chain = next(chain for chain in page.chains if chain.code == "C2")
    assert [part.code for part in chain.instruments] == ["HT", "E1", "E3", "SI"]
    assert chain.instruments[0].y == "3–4"  # a block of the test without a reliability is a band
    line = chain.corrections[0]
    assert (line.raw, line.correction, line.assessor) == (3, "−0,6", "наблюдатель №\u00a01")
    assert chain.quotes[0].text == "Цель поставлю после разговора с клиентом, пока числа нет"
    assert chain.quotes[0].at == "11:42"
    assert "Q\u00a0=\u00a014,2" in chain.conflict


def test_names_no_assessor_to_a_leader(world: World) -> None:
    page = person_page(world.project, ROLE, world.people[3].id, "ru")
    assert "Ролев" not in repr([chain.corrections for chain in page.chains])


def test_an_erased_quote_stays_erased(world: World) -> None:
    FreeText.objects.update(text="", erased_at=NOW)
    page = person_page(world.project, ROLE, world.people[3].id, "ru")
    assert [quote.text for chain in page.chains for quote in chain.quotes] == ["[текст стёрт]"]


def test_says_no_number_where_reliability_asks_for_a_band(world: World) -> None:
    page = person_page(world.project, ROLE, world.people[3].id, "ru")
    row = next(row for row in page.rows if row.cell.head.code == "C3")
    assert row.cell.shown == "band"
    value = f"{row.cell.value:.1f}".replace(".", ",")
    assert value not in f"{row.cell.text} {row.level_word} {row.remark} {row.cell.spoken} {row.chain.summary}"


def test_a_cut_stands_half_a_level_below_the_minimum(world: World) -> None:
    page = person_page(world.project, ROLE, world.people[3].id, "ru")
    assert all(head.cut == head.minimum - 0.5 for head in page.heads)


def test_asks_the_database_equally_often_with_and_without_a_history(world: World) -> None:
    with CaptureQueriesContext(connection) as plain:
        person_page(world.project, ROLE, world.people[0].id, "ru")
    with CaptureQueriesContext(connection) as rich:
        person_page(world.project, ROLE, world.people[3].id, "ru")
    assert len(rich) <= len(plain) + 1 <= 17


@pytest.mark.parametrize("purpose", ["development", "self"])
def test_nobody_is_reached_whose_data_were_given_for_another_purpose(world: World, purpose: str) -> None:
    stray = add_stray(world, purpose=purpose, family="Канарейка")
    with pytest.raises(NotFound):
        person_page(world.project, ROLE, stray.id, "ru")
    with pytest.raises(NotFound):
        compare_page(world.project, ROLE, [world.people[0].id, stray.id], "ru")


def test_calls_two_close_people_not_distinguishable(world: World) -> None:
    page = compare_page(
        world.project, ROLE, [world.people[0].id, world.people[1].id, world.people[11].id], "en"
    )
    assert any("not distinguishable" in text for text in page.pairs)
    assert any(">\u00a095%" in text for text in page.pairs)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_compares_two_to_four(world: World, count: int) -> None:
    with pytest.raises(InvalidInput):
        compare_page(world.project, ROLE, [person.id for person in world.people[:count]], "ru")


def test_flags_the_lenient_and_the_central_assessor(world: World) -> None:
    page = assessors_page(world.project, "en")
    assert [row.flags for row in page.rows] == [["lenient"], ["central"], []]
    assert page.finding == "3\u00a0assessors, 180\u00a0ratings; 2 to look at"


def test_claims_nothing_without_a_truth(world: World) -> None:
    page = proof_page(world.project, {}, None, "ru")
    assert (page.has_truth, page.measures, page.n) == (False, [], 0)
    assert page.assessed == 12


def test_counts_agreement_with_a_known_truth(world: World) -> None:
    # Proposals by pairs: ready (P .91), probably (.64), open (.34), developing, not A, other role (.07), not now, insufficient.
    truth = {
        str(person.id): {"category": "A" if i < 2 else "D", "levels": {}}
        for i, person in enumerate(world.people)
    }
    page = proof_page(world.project, truth, {"replications": 10, "four": {"low": 0.9, "high": 1.0}}, "en")
    known = [fit for fit in world.fits if fit.probability_a is not None]
    by_code = {measure.code: measure for measure in page.measures}
    assert page.n == len(known)
    letters = [
        ("A" if i < 2 else "D") == fit.details["category"]
        for i, fit in enumerate(world.fits)
        if fit.probability_a is not None
    ]
    assert by_code["four"].value == pytest.approx(sum(letters) / len(letters))
    assert by_code["four"].is_inside is False
    assert by_code["ready"].is_inside is None
    assert by_code["decided_right"].value == 1.0
    assert sum(sum(counts) for _, counts in page.table) == page.n


def test_names_the_decided_case_that_the_truth_contradicts(world: World) -> None:
    truth = {str(person.id): {"category": "D", "levels": {}} for person in world.people}
    page = proof_page(world.project, truth, None, "ru")
    assert world.people[0].id in page.persons
