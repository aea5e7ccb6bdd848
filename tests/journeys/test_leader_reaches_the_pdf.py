"""An English-speaking leader goes from the role to a decision and a report that can be checked back to an answer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.browser import LiveServer, axe, browser, en_desktop, playwright_  # noqa: F401
from tests.shots import view_as

pytestmark = pytest.mark.browser

ROLE = "/p/norvetal/roles/R3/"
REASON = "He led the two largest clients through the tender of last year; the board knows him."


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The sample as `./run demo` builds it."""
    live = LiveServer(tmp_path_factory.mktemp("leader-home"))
    live.migrate()
    live.run("-m", "kamerton.cli.main", "sample")
    live.start()
    yield live
    live.stop()


def plain(text: str) -> str:
    """Without the no-break spaces and line breaks of typography."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u00ad", "")).strip()


def shown(page: Page, css: str) -> str:
    return plain(page.locator(css).inner_text())


def decisions_in_database(server: LiveServer) -> int:
    return int(server.sql("select count(*) from decisions_decision")[0][0])


def reports_in_database(server: LiveServer) -> int:
    return int(server.sql("select count(*) from reporting_reportissue")[0][0])


def test_from_the_role_page_to_the_pdf_and_back_to_an_answer(sample: LiveServer, browser: Browser) -> None:  # noqa: F811
    context = en_desktop(browser)
    context.add_cookies([{"name": "kamerton_language", "value": "en", "url": sample.url}])
    page = context.new_page()
    view_as(page, sample.url, "leader")

    # The role: a headline of seats, and people in groups.
    page.goto(f"{sample.url}{ROLE}")
    assert re.search(r"\d", shown(page, "#finding")), "the headline names no number"
    groups = [plain(text) for text in page.locator("tr.group .category").all_inner_texts()]
    assert len(groups) >= 3 and len(set(groups)) == len(groups), groups
    assert "simulated" in page.content()

    # A person the system leaves open, and the way back from a number to its evidence.
    page.goto(f"{sample.url}{ROLE}?category=open")
    person = page.locator("table.people-heat th.name a").first
    name = plain(person.inner_text())
    person.click()
    expect(page.locator("h1")).to_contain_text(name.split()[-1])
    full_name = shown(page, "h1")
    person_address = page.url.split("#")[0]
    why = page.locator("details.why").first
    expect(why.locator(".why-body")).to_be_hidden()
    why.locator("summary").click()
    expect(why.locator(".why-body")).to_be_visible()
    assert len(plain(why.locator(".why-body").inner_text())) > 80, "why? has nothing to say"

    # Two people beside each other.
    page.goto(f"{sample.url}{ROLE}")
    boxes = page.locator("table.people-heat input[name=p]")
    chosen = [plain(page.locator("table.people-heat th.name a").nth(n).inner_text()) for n in (0, 1)]
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare the chosen").click()
    page.wait_for_url("**/compare/**")
    for one in chosen:
        assert one.split()[-1] in plain(page.locator("main").inner_text())
    assert axe(page) == []

    # Against the proposal without a reason: refused in words, nothing typed is lost, nothing written.
    before = decisions_in_database(sample)
    page.goto(person_address)
    form = page.locator("form.decide")
    proposed = form.locator("label.choice", has_text="as proposed").locator("input").get_attribute("value")
    against = "appoint" if proposed != "appoint" else "not_now"
    form.locator(f"input[name=outcome][value={against}]").check()
    form.get_by_role("button", name="Record the decision").click()
    expect(page.locator("#reason-error")).to_be_visible()
    assert "reason" in shown(page, "#reason-error").lower()
    expect(page.locator(f"form.decide input[value={against}]")).to_be_checked()
    assert decisions_in_database(sample) == before
    assert axe(page) == []

    # Typed text outlives a refusal as well: a reason without a choice.
    page.goto(person_address)
    page.fill("#reason", REASON)
    page.get_by_role("button", name="Record the decision").click()
    expect(page.locator("#outcome-error")).to_be_visible()
    expect(page.locator("#reason")).to_have_value(REASON)

    # With a reason; the hand slips and presses twice, and the browser sends the form once more.
    page.locator(f"form.decide input[value={against}]").check()
    fields = page.locator("form.decide").evaluate("form => Object.fromEntries(new FormData(form))")
    page.get_by_role("button", name="Record the decision").dblclick()
    expect(page.locator("#decision .decision").first).to_contain_text("against the proposal")
    expect(page.locator("#decision .decision").first).to_contain_text(REASON)
    again = page.request.post(f"{person_address}decide/", form=fields, headers={"Referer": page.url})
    assert again.ok
    page.goto(person_address)
    assert page.locator("#decision .decision", has_text=REASON).count() == 1
    assert decisions_in_database(sample) == before + 1

    # The report.
    issued = reports_in_database(sample)
    with page.expect_response(lambda r: r.url.endswith(".pdf") and r.status == 200) as reply:
        page.get_by_role("button", name="Report, PDF").click(no_wait_after=True)
    number = reply.value.url.rsplit("/", 1)[1].removesuffix(".pdf")
    assert reports_in_database(sample) == issued + 1
    pdf = page.request.get(f"{sample.url}/p/norvetal/reports/{number}.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    text = plain(" ".join(leaf.extract_text() for leaf in PdfReader(io.BytesIO(pdf.body())).pages))
    assert number in text and full_name in text and "simulated" in text.lower()
    assert not re.search(r"(?i)смоделирован", text), "a report in English speaks Russian"
    page.goto(person_address)
    expect(page.locator(".issued a", has_text=number)).to_be_visible()

    # The number alone leads back to an answer and to what was said; computed anew, it agrees.
    lines = sample.run("-m", "kamerton.cli.main", "--language", "en", "why", number)
    assert number in lines and re.search(r"\banswer", lines) and "“" in lines, lines[-1500:]
    outcome = sample.run("-m", "kamerton.cli.main", "--language", "en", "recompute", number)
    assert "agree" in outcome.lower() or "same" in outcome.lower(), outcome

    # The auditor sees who looked and who decided.
    view_as(page, sample.url, "auditor")
    leader = sample.sql(
        "select actor_name from records_audit where verb = 'record_decision' order by id desc"
    )[0][0]
    for verb in ("view_results", "record_decision", "issue_report"):
        page.goto(f"{sample.url}/p/norvetal/audit/?verb={verb}")
        newest = plain(page.locator("main tbody tr").first.inner_text())
        assert verb in newest and plain(leader) in newest, newest
    seen = sample.sql("select persons from records_audit where verb = 'view_results' order by id desc")
    assert any(person_address.rstrip("/").rsplit("/", 1)[1] in row[0] for row in seen)
    context.close()
