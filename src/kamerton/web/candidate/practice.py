"""A page to try the controls on before the clock starts: nothing of it is saved, and it measures nothing."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kamerton.apps.delivery import queries
from kamerton.apps.instruments.documents import Item, Option
from kamerton.apps.instruments.rules import MalformedResponse, clean_response, is_answered
from kamerton.web.candidate.access import Candidate, candidate_page
from kamerton.web.candidate.items import PartlyAnswered, item_view, response_from_form

NOBODY: Final = UUID(int=0)


def _options(*texts: tuple[str, str, str]) -> list[Option]:
    return [Option(code, {"ru": ru, "en": en}, {}) for code, ru, en in texts]


ITEMS: Final = (
    Item(
        code="P1", competency="", kind="classic", type="single", points=1, key={},
        prompt={"ru": "Какой день идёт сразу после вторника?", "en": "Which day comes right after Tuesday?"},
        options=_options(("a", "Понедельник", "Monday"), ("b", "Среда", "Wednesday"), ("c", "Пятница", "Friday")),
    ),
    Item(
        code="P2", competency="", kind="classic", type="best_worst", points=1, key={},
        prompt={
            "ru": "Вы опаздываете на встречу. Выберите лучший и худший шаг",
            "en": "You are late for a meeting. Choose the best and the worst step",
        },
        options=_options(
            ("a", "Предупредить и назвать новое время", "Give notice and a new time"),
            ("b", "Приехать и начать со своего вопроса", "Arrive and start with your own question"),
            ("c", "Попросить коллегу начать без вас", "Ask a colleague to start without you"),
        ),
    ),
    Item(
        code="P3", competency="", kind="classic", type="numeric", points=1, key={},
        prompt={"ru": "Сколько будет 12 × 1,5?", "en": "What is 12 × 1.5?"},
        hint={"ru": "Дробь пишите через запятую или точку", "en": "Write decimals with a point or a comma"},
    ),
)  # fmt: skip
"""One of each way to answer: a choice, two ends, a number."""


@candidate_page
@require_http_methods(["GET", "HEAD", "POST"])
def practice(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    if not queries.has_consent(candidate.participation):
        return redirect("candidate-consent")
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    shown: dict[int, dict[str, object]] = {}
    problems: list[str] = []
    whole = 0
    for number, one in enumerate(ITEMS, 1) if request.method == "POST" else ():
        try:
            shown[number] = response_from_form(one, number, request.POST)
            whole += is_answered(one, clean_response(one, shown[number]))
        except (PartlyAnswered, MalformedResponse) as refusal:
            problems.append(refusal.message(language))
    context = {
        "items": [
            item_view(one, number=n, sitting_id=NOBODY, language=language, value=None, shown=shown.get(n))
            for n, one in enumerate(ITEMS, 1)
        ],
        "problems": problems,
        "answered": whole if request.method == "POST" else None,
        "total": len(ITEMS),
        "is_trial": candidate.is_trial,
    }
    return render(request, "candidate/practice.html", context, status=422 if problems else 200)
