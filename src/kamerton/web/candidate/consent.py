"""Consent, a POST of its own for each purpose; declining is as easy as agreeing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.actions import give_consent, withdraw_consent
from kamerton.apps.delivery.rules import consent_digest
from kamerton.apps.records.errors import NotFound
from kamerton.web.candidate.access import Candidate, candidate_page
from kamerton.web.candidate.items import words_in


@candidate_page
@require_http_methods(["GET", "HEAD", "POST"])
def consents(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    if request.method == "POST":
        if request.POST.get("answer") == "decline":
            return redirect("/sitting/consent/?declined=1")
        give_consent(
            actor=candidate.actor, participation=candidate.participation, purpose=request.POST.get("purpose", ""),
            text_digest=request.POST.get("digest", ""), language=language, at=timezone.now(),
        )  # fmt: skip
        return redirect("candidate-consent")
    given = queries.consents_of(candidate.participation)
    rows = [
        {
            "purpose": text.purpose,
            "title": words_in(text.title, language),
            "paragraphs": [words_in(paragraph, language) for paragraph in text.paragraphs],
            "agree": words_in(text.agree, language),
            "digest": consent_digest(text),
            "is_required": text.purpose == candidate.campaign.purpose,
            "given": queries.given_consent(given, text.purpose),
            "is_withdrawn": any(c.purpose == text.purpose and hasattr(c, "withdrawal") for c in given),
        }
        for text in queries.consent_texts(candidate.campaign)
    ]
    may_go_on = queries.has_consent(candidate.participation)
    return render(
        request,
        "candidate/consent.html",
        {
            "consents": rows,
            "may_go_on": may_go_on,
            "has_declined": "declined" in request.GET and not may_go_on,
            "retention": words_in(candidate.procedure.texts.retention, language),
            "is_trial": candidate.is_trial,
        },
    )


@candidate_page
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """Take a consent back; the page says beforehand what that does."""
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    given = [c for c in queries.consents_of(candidate.participation) if not hasattr(c, "withdrawal")]
    if request.method == "POST":
        consent = next((c for c in given if str(c.id) == request.POST.get("consent")), None)
        if consent is None:
            raise NotFound(what={"ru": "данное согласие", "en": "a consent that was given"})
        withdraw_consent(actor=candidate.actor, consent=consent, at=timezone.now())
        if consent.purpose == candidate.campaign.purpose:
            return render(request, "candidate/withdrawn.html")
        return redirect("candidate-withdraw")
    titles = {t.purpose: words_in(t.title, language) for t in queries.consent_texts(candidate.campaign)}
    rows = [
        {
            "id": c.id,
            "title": titles.get(c.purpose, c.purpose),
            "ends": c.purpose == candidate.campaign.purpose,
        }
        for c in given
    ]
    return render(request, "candidate/withdraw.html", {"consents": rows, "is_trial": candidate.is_trial})
