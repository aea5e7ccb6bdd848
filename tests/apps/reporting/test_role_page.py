from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamerton.apps.delivery.models import ConsentWithdrawal
from kamerton.apps.records.errors import NotFound
from kamerton.apps.reporting.readmodels import PAGE, RoleFilters, role_page
from tests.apps.reporting.world import ROLE, World, add_stray, make_world
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(rich=False)


def test_groups_people_by_category_in_the_order_of_the_page(world: World) -> None:
    page = role_page(world.project, ROLE, RoleFilters(), "ru")
    assert [group.category for group in page.groups][:3] == ["ready", "probably_ready", "open"]
    assert page.counts == {"all": 12, "employees": 9, "candidates": 3}
    assert sum(len(group.rows) for group in page.groups) == 12


def test_says_the_finding_with_whole_seats_and_the_interval(world: World) -> None:
    assert "от 3 до 6" in role_page(world.project, ROLE, RoleFilters(), "ru").finding
    page = role_page(world.project, ROLE, RoleFilters(), "en")
    assert page.finding == (
        "9 seats needed: about 4 ready, 1 to grow, 4 to hire. With 80% probability the number to hire is from 3 to 6".replace(
            "9 seats", "9\u00a0seats"
        )
    )
    assert page.seats is not None
    for row in page.seats.rows:
        assert row.split.seats - row.split.ready - row.split.growing == row.split.hire


@pytest.mark.slow
def test_asks_the_database_equally_often_for_twelve_and_for_five_thousand(world: World) -> None:
    with CaptureQueriesContext(connection) as few:
        role_page(world.project, ROLE, RoleFilters(), "ru")
    crowd = make_world(slug="crowd", size=5000, rich=False)
    with CaptureQueriesContext(connection) as many:
        page = role_page(crowd.project, ROLE, RoleFilters(page=3), "ru")
    assert len(many) <= len(few) <= 15, [query["sql"][:120] for query in many]
    assert (page.found, page.pages, len(page.rows)) == (5000, 100, PAGE)


def test_filters_by_who_unit_category_and_text(world: World) -> None:
    def names(**filters: object) -> list[str]:
        return [row.name for row in role_page(world.project, ROLE, RoleFilters(**filters), "ru").rows]  # type: ignore[arg-type]

    assert len(names(who="candidates")) == 3
    assert len(names(unit="glass")) + len(names(unit="chemistry")) == 9
    assert names(text="петр") == ["Гусев\u00a0П.\u00a0А."]
    assert len(names(category="ready")) == 2
    by_name = names(order="name")
    assert by_name[:2] == ["Абрамян\u00a0Т.\u00a0Г.", "Аверина\u00a0К.\u00a0С."]


@pytest.mark.parametrize("purpose", ["development", "self"])
def test_never_shows_who_agreed_to_another_purpose(world: World, purpose: str) -> None:
    stray = add_stray(world, purpose=purpose, family="Канарейка")
    page = role_page(world.project, ROLE, RoleFilters(), "ru")
    assert stray.id not in page.persons
    assert page.counts["all"] == 12
    assert "Канарейка" not in repr(page)


def test_never_shows_who_withdrew_consent(world: World) -> None:
    consent = world.fits[0].participation.consents.get()
    ConsentWithdrawal.objects.create(consent=consent, at=NOW)
    page = role_page(world.project, ROLE, RoleFilters(), "ru")
    assert world.people[0].id not in page.persons


def test_shows_a_band_where_reliability_asks_for_it_and_not_observed_in_words(world: World) -> None:
    page = role_page(world.project, ROLE, RoleFilters(), "ru")
    cells = {cell.head.code: cell for cell in page.rows[0].cells}
    assert cells["C3"].shown == "band"
    assert cells["C1"].shown == "number"
    last = {cell.head.code: cell for cell in page.rows[-1].cells}
    assert (last["C8"].text, last["C8"].step) == ("н/о", "no")


def test_refuses_a_role_that_no_framework_knows(world: World) -> None:
    with pytest.raises(NotFound):
        role_page(world.project, "R99", RoleFilters(), "ru")
