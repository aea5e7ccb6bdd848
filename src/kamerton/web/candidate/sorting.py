"""A judge sorts cards by a personal link: one card a page, one tap a card, saved at once; no script needed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from kamerton.apps.records.actors import Actor
from kamerton.apps.sources import queries
from kamerton.apps.sources.actions import CardsMissing, finish_sorting, place_card
from kamerton.web.candidate.access import secret_page
from kamerton.web.candidate.items import words_in

NONE = "none"


@secret_page
@require_http_methods(["GET", "HEAD", "POST"])
def sort(request: HttpRequest, token: str) -> HttpResponse:
    judge = queries.judge_by_token(token)
    language = str(getattr(request, "LANGUAGE_CODE", "ru"))
    if judge.finished_at is not None or judge.round.closed_at is not None:
        return render(request, "candidate/sorted.html", {"judge": judge})
    actor = Actor("expert", str(judge.id), judge.label, judge.round.project_id)
    cards = queries.cards_for(judge)
    number = _number(request, len(cards))
    if request.method == "POST":
        if request.POST.get("do") == "finish":
            try:
                judge = finish_sorting(actor=actor, judge=judge, at=timezone.now())
            except CardsMissing:
                number = None
            else:
                return render(request, "candidate/sorted.html", {"judge": judge})
        elif number:
            target = request.POST.get("target", "")
            place_card(
                actor=actor,
                judge=judge,
                card=cards[number - 1].code,
                target="" if target == NONE else target,
                at=timezone.now(),
            )
            cards = queries.cards_for(judge)
            following = next((n for n, card in enumerate(cards, 1) if card.target is None), None)
            return redirect(f"{request.path}?card={following}" if following else f"{request.path}?end=1")
    if number is None and request.GET.get("end") != "1":
        number = next((n for n, card in enumerate(cards, 1) if card.target is None), None)
    left = [n for n, card in enumerate(cards, 1) if card.target is None]
    card = cards[number - 1] if number else None
    context = {
        "judge": judge, "number": number, "total": len(cards), "placed": len(cards) - len(left), "left": left[:30],
        "progress": round(1000 * (len(cards) - len(left)) / len(cards)),
        "text": words_in(card.text, language) if card else "", "chosen": card.target if card else None, "none": NONE,
        "targets": [
            {"code": t["code"], "name": words_in(t["name"], language), "definition": words_in(t["definition"], language),
             "is_chosen": card is not None and card.target == t["code"]}
            for t in judge.round.targets
        ],
    }  # fmt: skip
    return render(request, "candidate/sort.html", context)


def _number(request: HttpRequest, total: int) -> int | None:
    raw = request.POST.get("card") or request.GET.get("card") or ""
    return int(raw) if raw.isdecimal() and len(raw) < 6 and 1 <= int(raw) <= total else None
