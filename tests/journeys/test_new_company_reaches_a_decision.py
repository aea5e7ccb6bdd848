"""An empty installation becomes a company with results: command line and browser only, no fixtures, no sample.

People come from a messy workbook, one answers on a phone, two on paper, assessors are appointed and rate, the role is
evaluated; what is there is shown and what is not is named. A backup opens elsewhere with the same page.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from tests.browser import LiveServer, axe, browser, en_desktop, playwright_, ru_phone  # noqa: F401

pytestmark = pytest.mark.browser

P = "/p/akme"
PASSWORD = "gold assay 1857 ru"
ITEMS = 16
PHONE = "Ёлкин"
"""Who answers on a phone and is observed."""
PAPER = ("Жукова", "Щукина")
"""Who hand in a sheet of paper."""
SIMULATED = re.compile(r"смоделирован|simulated|class=\"[^\"]*\bsim(ulated)?\b", re.IGNORECASE)


def messy_workbook(path: Path) -> Path:
    """Twelve people as an office keeps them: a title, a head of two rows, four habits of writing a telephone."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Кадры"
    page["A1"] = "ООО «Акме», штат на 01.11.2026"
    page.merge_cells("A1:H1")
    page["A3"], page["B3"] = "№", "ФИО"
    page["E3"], page["F3"], page["G3"], page["H3"] = "Таб. №", "Моб. телефон", "Эл. почта", "Отдел"
    page.merge_cells("B3:D3")
    for column in "AEFGH":
        page.merge_cells(f"{column}3:{column}4")
    page["B4"], page["C4"], page["D4"] = "Фамилия", "Имя", "Отчество"
    people = [
        ("Ёлкин", "Пётр", "Ильич", 1001.0, "+7 (912) 345-67-01", "elkin@akme.example"),
        ("Еремеев", "Олег", "", 1002, "8 912 345 67 02", "eremeev@akme.example"),
        ("ЖУКОВА", "ИРИНА", "", "1003", 89123456703, ""),
        ("Петров-Водкин", "Кузьма", "Сергеевич", "007", "9123456704", "PV@Akme.Example"),
        ("Салтыкова", "Анна", "Львовна", 1005, "", "anna.s@akme.example"),
        ("Тихонова", "Вера", "", 1006, "8-912-345-67-06", "tihonova@akme.example"),
        ("Ушаков", "Глеб", "Олегович", 1007, "", "ushakov@akme.example"),
        ("Щукина", "Анна", "", 1008, "", "anna@akme.example"),
        ("Юсупова", "Дина", "", 1009, "", "yusupova@akme.example"),
        ("Яковлев", "Семён", "", 1010, "", "yakovlev@akme.example"),
        ("Астахова", "Марина", "", 1011, "", "astahova@akme.example"),
        ("Белов", "Роман", "", 1012, "", "belov@akme.example"),
    ]
    for number, row in enumerate(people, start=1):
        for column, value in enumerate((number, *row, "Отдел продаж"), start=1):
            page.cell(number + 5, column, value if value != "" else None)
    page.cell(len(people) + 6, 1, "Итого:")
    page.cell(len(people) + 6, 5, len(people))
    book.save(path)
    return path


def keep(page: Page, seen: list[str]) -> None:
    """Remember the page as it is, to be searched for marks of the sample."""
    seen.append(f"{page.url}\n{page.content()}")


def cli(server: LiveServer, *words: str) -> str:
    return server.run("-m", "kamerton.cli.main", "--language", "ru", *words)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u00ad", "")).strip()


def signed_in(server: LiveServer, browser: Browser, login: str) -> tuple[BrowserContext, Page]:  # noqa: F811
    """A desktop in Russian."""
    context = en_desktop(browser, locale="ru-RU", timezone_id="Europe/Moscow", accept_downloads=True)
    page = context.new_page()
    page.goto(f"{server.url}/sign-in/?next={P}/")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(f"**{P}/**")
    return context, page


def answer_items(page: Page) -> None:
    """Some valid answer to every item of the page, whatever its controls are."""
    for field in page.locator("fieldset.item").all():
        kind = field.get_attribute("data-type")
        match kind:
            case "single" | "table_row" | "likert":
                field.locator("input[type=radio]").first.check()
            case "multiple":
                field.locator("input[type=checkbox]").first.check()
            case "numeric":
                field.locator("input[type=text]").fill("12,5")
            case "order":
                field.locator("[data-as-is]").click()
            case "match":
                for select in field.locator("select").all():
                    select.select_option(index=1)
            case "best_worst":
                field.locator("input[name$=-best]").first.check()
                field.locator("input[name$=-worst]").last.check()
            case "short_text":
                field.locator("textarea").fill(
                    "Прошу подтвердить срок: партия 40 кг стоит до пятницы, клиент ждёт ответа."
                )
            case _:
                raise AssertionError(f"an item of a kind nobody fills in: {kind}")
        expect(page.locator("[data-saved]")).to_be_visible()
        expect(page.locator("[data-unsaved]")).to_be_hidden()


def take_the_test(server: LiveServer, browser: Browser, link: str, seen: list[str]) -> None:  # noqa: F811
    """On a phone, from the link to the thanks."""
    context = ru_phone(browser)
    page = context.new_page()
    page.goto(link)
    page.locator("main form button").click()
    page.wait_for_url("**/sitting/consent/")
    keep(page, seen)
    consent = page.locator("section.consent").first
    consent.locator("input[type=checkbox]").check()
    consent.locator("button[value=agree]").click()
    page.locator("a.button.main").click()
    page.wait_for_url("**/sitting/")
    page.locator("form[action='/sitting/start/'] button").click()
    page.wait_for_url("**/sitting/item/1/")
    for _step in range(ITEMS + 1):
        if "finish" in page.url:
            break
        answer_items(page)
        keep(page, seen)
        before = page.url
        page.locator(".bar button[value=next]").click()
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.locator("main")).to_contain_text(f"{ITEMS} из {ITEMS}")
    page.locator("#finish button.main").click()
    page.wait_for_url("**/sitting/thanks/")
    keep(page, seen)
    context.close()


def fill_paper(data: bytes, to: Path) -> Path:
    """The downloaded table with two sheets typed in, by the hints of its own second row."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book.active
    assert page is not None
    rows = list(page.iter_rows())
    hints = next(row for row in rows if str(row[0].value).startswith("#"))
    for row in rows[rows.index(hints) + 1 :]:
        if str(row[1].value).split()[0] not in PAPER:
            continue
        row[2].value = "да"
        for cell, hint in zip(row[3:], hints[3:], strict=True):
            cell.value = typed_answer(str(hint.value))
    book.save(to)
    return to


def typed_answer(hint: str) -> str:
    """An answer that obeys the hint of its column."""
    if match := re.search(r"все номера \((\d+)\)", hint):
        return " ".join(str(n) for n in range(1, int(match[1]) + 1))
    if match := re.search(r"для каждой строки слева \((\d+)\)", hint):
        return " ".join("1" for _n in range(int(match[1])))
    if hint.startswith("лучший и худший"):
        return "1 2"
    if hint.startswith("текст"):
        return "Прошу подтвердить срок до пятницы."
    if hint.startswith("номера всех отмеченных"):
        return "1 3"
    return "2"


def role_facts(page: Page, server: LiveServer) -> tuple[str, str]:
    """What the role page says in words: its table of people and those who wait."""
    page.goto(f"{server.url}{P}/roles/R3/")
    main = plain(page.locator("main").inner_text())
    return main, plain(page.locator("table.people-heat").inner_text())


def rate_everything(page: Page, server: LiveServer) -> None:
    """The first open appointment of "Today": clock, a note, a level for each competency, submission."""
    page.goto(f"{server.url}{P}/assess/")
    expect(page.locator(".agenda")).to_contain_text(PHONE)
    page.locator("a.agenda-line").first.click()
    start = page.locator("form[action$='/start/'] button")
    if start.count():  # one clock for both: the second finds it running
        start.click()
    page.fill("#note-text", "Назвал потери металла и предложил взвесить при нас.")
    page.locator("#note-form .chip button[value$='+']").first.click()
    expect(page.locator("#note-list")).to_contain_text("Назвал потери металла")
    for number, section in enumerate(page.locator("section.rate").all()):
        page.locator(f"[data-tab='{section.get_attribute('data-competency')}']").click()
        section.locator(f"input[name=level][value='{3 + number % 2}']").check()
    expect(page.locator("#saved-words")).to_contain_text("Заметок на сервере: 1")
    total = page.locator("section.rate").count()
    expect(page.locator("#rated-words")).to_have_text(f"Оценено {total} из {total}")
    page.locator("#submit-sheet").click()
    expect(page.locator("main")).to_contain_text("Сдано")


@pytest.fixture
def company(tmp_path: Path):
    live = LiveServer(tmp_path / "company")
    live.environment["KAMERTON_DEMO"] = "0"
    live.migrate()
    yield live
    live.stop()


def test_from_nothing_to_a_role_page_and_through_a_backup(
    company: LiveServer,
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    seen: list[str] = []

    # On the host: a project, the role pack, the people, the accounts.
    cli(company, "project", "akme", "--name", "Акме", "--name-en", "Acme")
    cli(company, "pack", "install", "kam-precious-metals", "--project", "akme")
    staff = str(messy_workbook(tmp_path / "Штат 2026.xlsx"))
    dry = cli(company, "people", staff, "--project", "akme")
    assert "ОТКАЗ" not in dry and company.sql("select count(*) from people_person") == [(0,)], dry
    cli(company, "people", staff, "--project", "akme", "--commit")
    assert company.sql("select count(*) from people_person") == [(12,)]
    for login, name, role, person in (
        ("hr@akme.example", "Анна Лаптева", "office", ""),
        ("boss@akme.example", "Илья Соколов", "leader", ""),
        ("astahova@akme.example", "Марина Астахова", "assessor", "astahova@akme.example"),
        ("belov@akme.example", "Роман Белов", "assessor", "belov@akme.example"),
    ):
        words = ["user", login, "--name", name, "--project", "akme", "--role", role, "--password", PASSWORD]
        cli(company, *words, *(["--person", person] if person else []))
    company.start()

    # Before anybody has answered, the leader's page says so instead of showing numbers.
    leader_context, leader = signed_in(company, browser, "boss@akme.example")
    leader.goto(f"{company.url}{P}/roles/R3/")
    assert leader.locator("table.people-heat").count() == 0 and axe(leader) == []

    # The office opens a campaign, adds three people and hands over their links.
    office_context, office = signed_in(company, browser, "hr@akme.example")
    office.goto(f"{company.url}{P}/campaigns/new/")
    office.locator("#procedure").select_option(index=0)
    office.locator("input[name=purpose][value=selection]").check()
    office.fill("#name_ru", "Осень 2026")
    office.fill("#slug", "autumn-2026")
    office.get_by_role("button", name="Открыть кампанию").click()
    office.wait_for_url("**/campaigns/autumn-2026/add/")
    for name in (PHONE, *PAPER):
        office.locator("ul.campaign-people label", has_text=name).locator("input").check()
    office.get_by_role("button", name="Добавить отмеченных").click()
    office.wait_for_url("**/campaigns/autumn-2026/")
    assert axe(office) == []
    for box in office.locator("input[name=participation]").all():
        box.check()
    office.get_by_role("button", name="Пригласить отмеченных").click()
    office.locator("button[value=send]").click()
    row = office.locator("tbody tr", has_text=PHONE)
    link = row.locator("input.campaign-link").input_value()
    assert office.locator("input.campaign-link").count() == 3 and "/c/" in link
    take_the_test(company, browser, re.sub(r"^https?://[^/]+", company.url, link), seen)

    # Two sheets of paper: the table goes out, comes back, is checked, then written.
    office.goto(f"{company.url}{P}/campaigns/autumn-2026/paper/")
    with office.expect_download() as download:
        office.locator("a[href*='answers.xlsx']").click()
    filled = fill_paper(Path(download.value.path()).read_bytes(), tmp_path / "листы.xlsx")
    office.set_input_files("#file", str(filled))
    office.get_by_role("button", name="Проверить таблицу").click()
    office.wait_for_url("**/paper/*/?form=1")
    assert office.locator("p.alert").count() == 0, plain(office.locator("main").inner_text())
    answers = company.sql("select count(*) from delivery_answer")
    office.locator("main form button.primary").click()
    expect(office.locator(".finding")).to_contain_text(re.compile(r"2"))
    written = company.sql("select count(*) from delivery_answer")
    assert written[0][0] == answers[0][0] + 2 * ITEMS

    # Assessors: nobody for himself, then two for the role-play.
    office.goto(f"{company.url}{P}/campaigns/autumn-2026/")
    office.get_by_role("link", name="Наблюдатели").click()
    assert axe(office) == []
    office.select_option(
        "#participant", label=office.locator("#participant option", has_text=PHONE).inner_text()
    )
    office.select_option("#exercise", "E2")
    for field in ("#first", "#second"):
        office.select_option(field, label=office.locator(f"{field} option", has_text="Белов").inner_text())
    office.fill("#room", "Переговорная 3")
    office.get_by_role("button", name="Назначить", exact=True).click()
    expect(office.locator("#problem")).to_contain_text("дважды")
    expect(office.locator("#room")).to_have_value("Переговорная 3")
    assert company.sql("select count(*) from observation_appointment") == [(0,)]
    office.select_option("#first", label=office.locator("#first option", has_text="Астахова").inner_text())
    office.get_by_role("button", name="Назначить", exact=True).click()
    expect(office.locator("section", has_text="Назначены").locator("tbody tr")).to_have_count(2)
    assert axe(office) == []
    assert company.sql("select count(*) from observation_appointment") == [(2,)]

    # Both rate; the short texts are scored without names.
    for login in ("astahova@akme.example", "belov@akme.example"):
        context, assessor = signed_in(company, browser, login)
        rate_everything(assessor, company)
        keep(assessor, seen)
        assessor.goto(f"{company.url}{P}/assess/texts/")
        while assessor.locator(".rubric").count():
            assert PHONE not in plain(assessor.locator("main").inner_text())
            keep(assessor, seen)
            assessor.locator("input[name=score]").first.check()
            assessor.locator(".text-task form button").click()
            assessor.wait_for_load_state()
        context.close()
    assert company.sql("select count(*) from observation_textrating") == [(6,)]

    # The role: results for those who were assessed, the rest by name as not assessed.
    office.goto(f"{company.url}{P}/campaigns/autumn-2026/add/")
    office.locator("ul.campaign-people label", has_text="Юсупова").locator("input").check()
    office.get_by_role("button", name="Добавить отмеченных").click()
    office.wait_for_url("**/campaigns/autumn-2026/")
    cli(company, "evaluate", "--project", "akme", "--role", "R3")
    main, table = role_facts(leader, company)
    for name in (PHONE, *PAPER):
        assert name in table, table
    assert "Юсупова" not in table and "Юсупова" in plain(leader.locator(".waiting").inner_text())
    assert "Недостаточно" in main or "недостаточно" in main, main
    assert "Меньше 30 человек" in main or "30" in main, main
    assert "Норветал" not in main and "Norvetal" not in main
    assert axe(leader) == []
    leader.locator("table.people-heat th.name a", has_text=PHONE).click()
    expect(leader.locator("h1")).to_contain_text(PHONE)
    leader.locator("details.why summary").first.click()
    assert axe(leader) == []
    person = leader.url

    # The decision, as in any company: the leader's, with a reason where it differs.
    form = leader.locator("form.decide")
    form.locator("input[name=outcome][value=more_evidence]").check()
    form.locator("#reason").fill("Одного упражнения мало: назначим интервью.")
    form.locator("button.primary").click()
    expect(leader.locator("#decision .decision")).to_have_count(1)
    decided = plain(leader.locator("#decision .decision").inner_text())
    with leader.expect_response(lambda r: r.url.endswith(".pdf") and r.status == 200) as reply:
        leader.locator("form[action$='/reports/'] button[value=leader]").click(no_wait_after=True)
    report = leader.request.get(reply.value.url).body()
    printed = plain(" ".join(leaf.extract_text() for leaf in PdfReader(io.BytesIO(report)).pages))
    assert PHONE in printed and SIMULATED.search(printed) is None
    number = reply.value.url.rsplit("/", 1)[1].removesuffix(".pdf")
    assert "Назвал потери металла" in cli(company, "why", number)
    cli(company, "recompute", number)
    main, table = role_facts(leader, company)

    # A backup, another home, the same page.
    file = str(tmp_path / "akme.zip")
    cli(company, "backup", file)
    if keep_as := os.environ.get("KAMERTON_KEEP_BACKUP"):  # how tests/upgrade gets its dumps
        shutil.copyfile(file, keep_as)
    other = LiveServer(tmp_path / "restored")
    other.environment["KAMERTON_DEMO"] = "0"
    other.home.mkdir()
    cli(other, "restore", file)
    other.start()
    try:
        context, again = signed_in(other, browser, "boss@akme.example")
        assert role_facts(again, other) == (main, table)
        assert again.request.get(f"{other.url}{P}/reports/{number}.pdf").body() == report
        again.goto(person.replace(company.url, other.url))
        assert plain(again.locator("#decision .decision").inner_text()) == decided
        context.close()
    finally:
        other.stop()

    # Not one byte of the sample's mark anywhere.
    addresses = {
        leader: ("/", "/roles/?all=1", "/roles/R3/", "/search/?q=елкин", "/proof/", person.split(P)[1]),
        office: ("/", "/people/", "/campaigns/", "/campaigns/autumn-2026/", "/campaigns/autumn-2026/schedule/",
                 "/campaigns/autumn-2026/paper/", "/jobs/"),
    }  # fmt: skip
    for page, tails in addresses.items():
        for tail in tails:
            reply = page.request.get(f"{company.url}{P}{tail}")
            assert reply.ok, f"{tail}: {reply.status}"
            seen.append(f"{tail}\n{reply.text()}")
    assert len(seen) > 25
    for text in seen:
        found = SIMULATED.search(text)
        assert found is None, f"{text.splitlines()[0]}: {text[max(0, found.start() - 80) : found.end() + 80]}"
    leader_context.close()
    office_context.close()
