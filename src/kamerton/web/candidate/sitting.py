"""What awaits, the start, the end, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamerton.apps.delivery import queries, rules
from kamerton.apps.delivery.actions import finish_sitting, start_sitting
from kamerton.apps.delivery.models import Sitting
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting.readmodels.own_report import is_offered, own_report
from kamerton.web.candidate.access import Candidate, candidate_page, open_sitting, speak, wants_json
from kamerton.web.candidate.items import player_data, words_in


def _form_row(
    candidate: Candidate, form: queries.PinnedForm | queries.WrittenPart, language: str
) -> dict[str, object]:
    sitting = queries.sitting_of(candidate.participation, form.release)
    row: dict[str, object] = {
        "id": str(form.release.id),
        "name": words_in(form.document.name, language),
        "instructions": words_in(form.document.instructions, language),
        "items": len(form.document.items),
        "minutes": int(form.document.time_limit_minutes * candidate.participation.time_factor),
        "calculator": form.document.calculator,
        "has_formulas": bool(form.document.formulas),
        "break_minutes": form.document.break_minutes,
        "sitting": sitting,
        "is_over": False,
    }
    if sitting is not None:
        clock = queries.clock_of(sitting)
        now = timezone.now()
        row |= {
            "is_over": clock.is_over(now),
            "minutes_left": clock.remaining_seconds(now) // 60,
            "resume": _resume_number(sitting),
        }
    return row


def _resume_number(sitting: Sitting) -> int:
    """The first item without an answer; the first item when all have one."""
    answers = queries.current_answers(sitting)
    return next((n for n, code in enumerate(answers.items, 1) if code not in answers.answered), 1)


@dataclass(frozen=True, slots=True)
class _Written:
    """Written parts of exercises, told by what the candidate can do with them now."""

    open: tuple[queries.WrittenPart, ...]
    """May be begun or gone on with."""
    later: tuple[queries.WrittenPart, ...]
    """Opens when the exercise is run."""


def _written_parts(candidate: Candidate) -> _Written:
    parts = queries.written_parts_of(candidate.campaign)
    if not parts:
        return _Written((), ())
    opened = queries.opened_forms(candidate.participation)
    done = set(
        candidate.participation.sittings.filter(finished_at__isnull=False).values_list("form_id", flat=True)
    )
    return _Written(
        tuple(p for p in parts if p.release.id in opened and p.release.id not in done),
        tuple(p for p in parts if p.release.id not in opened),
    )


@candidate_page
@require_safe
def parts(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """How many written parts wait to be begun: a page that waits asks this, and nothing else is said."""
    return JsonResponse({"open": len(_written_parts(candidate).open)})


@candidate_page
def overview(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    if not queries.has_consent(candidate.participation):
        return redirect("candidate-consent")
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    forms = [_form_row(candidate, form, language) for form in queries.forms_of(candidate.campaign)]
    written = _written_parts(candidate)
    forms_done = all(row["sitting"] and row["sitting"].finished_at for row in forms)  # type: ignore[attr-defined]
    if forms and forms_done and not written.open:
        return redirect("candidate-thanks")
    forms += [_form_row(candidate, part, language) | {"is_part": True} for part in written.open]
    return render(
        request,
        "candidate/overview.html",
        {
            "name": words_in(candidate.procedure.name, language),
            "forms": forms,
            "later": [words_in(part.document.name, language) for part in written.later],
            "waits": len(written.open)
            if written.later and not any(row["sitting"] and not row["is_over"] for row in forms)
            else None,
            "factor": candidate.participation.time_factor,
            "has_more_time": candidate.participation.time_factor > 1,
            "is_trial": candidate.is_trial,
        },
    )


@candidate_page
@require_POST
def start(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    offered = [*queries.forms_of(candidate.campaign), *queries.written_parts_of(candidate.campaign)]
    form = next((f for f in offered if str(f.release.id) == request.POST.get("form")), None)
    if form is None:
        raise NotFound(what={"ru": "тест этой процедуры", "en": "test of this procedure"})
    started = start_sitting(
        actor=candidate.actor, participation=candidate.participation, form=form.release, language=language,
        at=timezone.now(),
    )  # fmt: skip
    if started.sitting.finished_at is not None:
        return redirect("candidate-thanks")
    return redirect("candidate-item", number=_resume_number(started.sitting))


@candidate_page
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """Names what is missing first; a second press, another tab or a retry ends at the same thanks."""
    sitting = open_sitting(candidate)
    now = timezone.now()
    if sitting is None:
        return _go(request, reverse("candidate-overview"))
    speak(request, sitting.language)
    if request.method == "POST":
        reason = "time" if request.POST.get("reason") == "time" else "candidate"
        finish_sitting(
            actor=candidate.actor, sitting=sitting, reason=reason, confirm_missing=request.POST.get("confirm") == "1",
            at=now,
        )  # fmt: skip
        return _go(request, reverse("candidate-thanks"))
    answers = queries.current_answers(sitting)
    flagged = queries.flagged_items(sitting)
    numbers = {code: n for n, code in enumerate(answers.items, 1)}
    clock = queries.clock_of(sitting)
    document = document_of(sitting.form, FormDocument)
    return render(
        request,
        "candidate/finish.html",
        {
            "missing": [numbers[code] for code in answers.items if code in answers.missing.all],
            "flagged": [numbers[code] for code in answers.items if code in flagged],
            "answered": len(answers.answered),
            "total": len(answers.items),
            "last": rules.pages_of(document.items)[-1].first,
            "is_over": clock.is_over(now),
            "player": player_data(sitting, clock, now),
            "is_trial": candidate.is_trial,
        },
    )


def _go(request: HttpRequest, url: str) -> HttpResponse:
    return JsonResponse({"next": url}) if wants_json(request) else redirect(url)


@candidate_page
def thanks(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    if open_sitting(candidate) is not None:
        return redirect("candidate-overview")
    sittings = list(candidate.participation.sittings.order_by("started_at"))
    if not sittings:
        return redirect("candidate-overview")
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    texts = candidate.procedure.texts
    written = _written_parts(candidate)
    if written.open:
        return redirect("candidate-overview")
    return render(
        request,
        "candidate/thanks.html",
        {
            "has_report": own_report(candidate.participation, language) is not None,
            "report_later": is_offered(candidate.participation),
            "thanks": words_in(texts.thanks, language),
            "later": [words_in(part.document.name, language) for part in written.later],
            "waits": 0 if written.later else None,
            "appeal": words_in(texts.appeal, language),
            "retention": words_in(texts.retention, language),
            "rights": [words_in(right, language) for right in texts.rights],
            "stages": [
                {
                    "name": words_in(stage.name, language),
                    "what": words_in(stage.what, language),
                    "days": stage.days,
                }
                for stage in candidate.procedure.stages
            ],
            "ended_by_time": sittings[-1].finish_reason == "time",
            "is_trial": candidate.is_trial,
            "project_slug": candidate.project.slug,
        },
    )
