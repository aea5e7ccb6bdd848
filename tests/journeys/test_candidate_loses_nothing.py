"""Bad networks: cut, dropped replies, two tabs, a lost cookie. What was shown as saved is there, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import LiveServer, axe, en_desktop, ru_phone
from tests.fixtures.candidate_walk import answer_rest, begin, fill_item, go_next, is_saved

pytestmark = pytest.mark.browser


def answers(server: LiveServer, participation: str) -> list[tuple[Any, ...]]:
    return server.sql(
        "select p.code, a.value, a.uuid, a.epoch, a.seq from delivery_answer a "
        "join delivery_sitting s on s.id = a.sitting_id join records_part p on p.id = a.item_id "
        "where s.participation_id = ? order by a.id",
        participation,
    )


def queued(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('kamerton.queue.')).length"))


def test_offline_in_mid_test_loses_nothing(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "offline")
    context = ru_phone(browser)
    page = context.new_page()
    begin(page, server, seeded["token"])
    fill_item(page, 1)
    is_saved(page)
    go_next(page)
    fill_item(page, 2)
    is_saved(page)
    go_next(page)
    context.set_offline(True)
    fill_item(page, 3)
    fill_item(page, 4)
    expect(page.locator("[data-banner]")).to_contain_text("Нет связи. Не сохранено ответов: 2")
    expect(page.locator("[data-saved]")).to_be_hidden()
    expect(page.locator("[data-unsaved]")).to_contain_text("Не сохранено: 2")
    assert axe(page) == []
    page.locator(".bar button[value=next]").tap()
    expect(page.locator("[data-banner]")).to_be_visible()
    assert page.url.endswith("/item/3/"), "nothing is left behind on a page that cannot be reached again"
    with page.expect_download() as download:
        page.locator("[data-export]").tap()
    kept = json.loads(download.value.path().read_text())
    assert {entry["n"] for entry in kept["answers"]} == {3, 4}
    assert queued(page) >= 2
    # The page is thrown away while the answers are still on the device: they survive it.
    page.close(run_before_unload=False)
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{server.url}/sitting/item/3/")
    is_saved(page)
    expect(page.locator("input[name=i3-best][value=a]")).to_be_checked()
    expect(page.locator("input[name=i3-worst][value=b]")).to_be_checked()
    expect(page.locator("[data-banner]")).to_be_hidden()
    assert queued(page) == 0
    go_next(page)
    answer_rest(page, start=3)
    expect(page.locator("h1")).to_have_text("Ответы есть на все задания")
    rows = answers(server, seeded["participation"])
    assert len({row[2] for row in rows}) == len(rows)
    assert {row[0] for row in rows} == {f"T0{n}" for n in range(1, 10)}
    context.close()


def test_a_dropped_reply_gives_one_row(server: LiveServer, page_ru_phone: Page) -> None:
    seeded = server.seed("candidate", "dropped")
    page = page_ru_phone
    begin(page, server, seeded["token"])
    dropped = []

    def drop(route: Route) -> None:
        """The server gets it and commits; the browser never hears of it."""
        if len(dropped) < 2:
            dropped.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/sitting/answer/", drop)
    fill_item(page, 1)
    expect(page.locator("[data-unsaved]")).to_contain_text("Не сохранено: 1")
    is_saved(page)
    assert dropped == [200, 200], "both lost replies had been commits"
    assert len(answers(server, seeded["participation"])) == 1


def test_a_save_reaches_the_server_within_a_second_of_the_last_key(
    server: LiveServer, page_ru_phone: Page
) -> None:
    seeded = server.seed("candidate", "quick")
    page = page_ru_phone
    begin(page, server, seeded["token"])
    page.goto(f"{server.url}/sitting/item/9/")
    page.locator("textarea").press_sequentially("Прошу", delay=60)
    with page.expect_response("**/sitting/answer/", timeout=1500) as reply:
        pass
    assert reply.value.status == 200
    assert len(answers(server, seeded["participation"])) == 1, "typing is one state, not one a key"


def test_every_change_is_in_the_log_in_its_order(server: LiveServer, page_ru_phone: Page) -> None:
    seeded = server.seed("candidate", "forty")
    page = page_ru_phone
    begin(page, server, seeded["token"])
    wanted = []
    for n in range(20):
        code = "abc"[n % 3]
        page.locator(f"input[name=i1-choice][value={code}]").check()
        is_saved(page)
        wanted.append(code)
    rows = answers(server, seeded["participation"])
    assert [json.loads(row[1])["choice"] for row in rows] == wanted
    assert [row[4] for row in rows] == sorted(row[4] for row in rows)


@pytest.fixture
def two_tabs(server: LiveServer, browser: Browser) -> Iterator[tuple[Page, Page, str]]:
    seeded = server.seed("candidate", f"tabs-{id(object())}")
    context = ru_phone(browser)
    first = context.new_page()
    begin(first, server, seeded["token"])
    fill_item(first, 1)
    is_saved(first)
    second = context.new_page()
    second.goto(f"{server.url}/sitting/item/1/")
    yield first, second, seeded["participation"]
    context.close()


def test_of_two_tabs_the_newest_holds_the_test(server: LiveServer, two_tabs: tuple[Page, Page, str]) -> None:
    first, second, participation = two_tabs
    expect(first.locator("[data-takeover]")).to_contain_text(
        "Тест открыт в другой вкладке или на другом устройстве"
    )
    expect(first.locator("input[name=i1-choice]").first).to_be_disabled()
    assert axe(first) == []
    second.locator("input[name=i1-choice][value=b]").check()
    is_saved(second)
    first.locator("[data-takeover] button").tap()
    expect(first.locator("input[name=i1-choice][value=b]")).to_be_checked()
    expect(first.locator("input[name=i1-choice]").first).to_be_enabled()
    expect(second.locator("input[name=i1-choice]").first).to_be_disabled()
    assert [json.loads(row[1])["choice"] for row in answers(server, participation)] == ["c", "b"]


def test_an_old_devices_late_queue_does_not_cover_a_newer_answer(
    server: LiveServer, browser: Browser
) -> None:
    seeded = server.seed("candidate", "two-devices")
    phone, desk = ru_phone(browser), en_desktop(browser)
    old = phone.new_page()
    begin(old, server, seeded["token"])
    fill_item(old, 1)
    is_saved(old)
    phone.set_offline(True)
    old.locator("input[name=i1-choice][value=a]").check()
    expect(old.locator("[data-banner]")).to_be_visible()
    new = desk.new_page()
    new.goto(f"{server.url}/c/{seeded['token']}/")
    new.locator("main form button").click()
    new.goto(f"{server.url}/sitting/item/1/")
    new.locator("input[name=i1-choice][value=b]").check()
    is_saved(new)
    phone.set_offline(False)
    expect(old.locator("[data-takeover]")).to_be_visible()
    expect(old.locator("[data-problem]")).to_contain_text("Засчитан более новый ответ")
    new.reload()
    expect(new.locator("input[name=i1-choice][value=b]")).to_be_checked()
    assert len(answers(server, seeded["participation"])) == 3, "the journal keeps all three states"
    phone.close()
    desk.close()


def test_a_lost_cookie_keeps_the_queue_until_the_link_is_opened_again(
    server: LiveServer, browser: Browser
) -> None:
    seeded = server.seed("candidate", "cookie")
    context = ru_phone(browser)
    page = context.new_page()
    begin(page, server, seeded["token"])
    context.clear_cookies(name="kamerton_candidate")
    fill_item(page, 1)
    expect(page.locator("[data-banner]")).to_contain_text("Откройте ссылку ещё раз")
    assert queued(page) == 1
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(f"{server.url}/c/{seeded['token']}/")
    page.locator("main form button").tap()
    page.locator("a.button.main").tap()
    page.wait_for_url("**/sitting/item/1/")
    is_saved(page)
    expect(page.locator("input[name=i1-choice][value=c]")).to_be_checked()
    assert len(answers(server, seeded["participation"])) == 1
    context.close()


def test_leaving_with_an_unsaved_answer_asks_first(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "leaving")
    context = ru_phone(browser)
    page = context.new_page()
    begin(page, server, seeded["token"])
    asked: list[str] = []

    def note(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", note)
    page.locator("input[name=i1-choice][value=a]").tap()
    is_saved(page)
    context.set_offline(True)
    page.locator("input[name=i1-choice][value=b]").tap()
    expect(page.locator("[data-banner]")).to_be_visible()
    page.evaluate("setTimeout(() => location.reload(), 0)")
    page.wait_for_timeout(800)
    assert asked == ["beforeunload"]
    context.close()


def test_the_end_of_time_sends_the_queue_and_closes_the_test(server: LiveServer, browser: Browser) -> None:
    """The device's clock is an hour wrong; only the server's counts."""
    seeded = server.seed("candidate", "time-up", "1")
    context = ru_phone(browser)
    page = context.new_page()
    begin(page, server, seeded["token"])
    expect(page.locator("[data-announce]")).to_have_text("", timeout=100)
    # A minute is short for a test and long for a suite: take 57 seconds off, as if it had begun earlier.
    connection_rows = server.sql(
        "select id from delivery_sitting where participation_id = ?", seeded["participation"]
    )
    server.write(
        "update delivery_sitting set started_at = datetime(started_at, '-54 seconds') where id = ?",
        connection_rows[0][0],
    )
    page.reload()
    fill_item(page, 1)
    is_saved(page)
    page.wait_for_url("**/sitting/finish/", timeout=20_000)
    expect(page.locator("h1")).to_have_text("Время вышло")
    assert axe(page) == []
    page.locator("#finish button").tap()
    page.wait_for_url("**/sitting/thanks/")
    (row,) = server.sql(
        "select finish_reason, (select count(*) from delivery_answer a where a.sitting_id = s.id and not is_late) "
        "from delivery_sitting s where s.participation_id = ?",
        seeded["participation"],
    )
    assert row == ("time", 1)
    context.close()
