"""The player: one item or one shared block a page. The form works alone; the script only saves sooner."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from kamerton.apps.delivery import queries, rules
from kamerton.apps.delivery.actions import (
    end_break,
    flag_item,
    note_address,
    note_event,
    record_answer,
    take_break,
    take_over,
)
from kamerton.apps.delivery.models import Pause, Sitting
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.rules import MalformedResponse, clean_response
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.records.models import Part
from kamerton.apps.records.queries import document_of, parts_by_code
from kamerton.web.candidate.access import (
    Candidate,
    candidate_page,
    json_body,
    open_sitting,
    speak,
    wants_json,
)
from kamerton.web.candidate.items import (
    PartlyAnswered,
    item_view,
    player_data,
    response_from_form,
    stimulus_view,
    words_in,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the form the page stands."""

    document: FormDocument
    pages: tuple[rules.Page, ...]
    page: rules.Page

    @property
    def total(self) -> int:
        return len(self.document.items)

    @property
    def next(self) -> rules.Page | None:
        return self.pages[self.page.number] if self.page.number < len(self.pages) else None

    @property
    def back(self) -> rules.Page | None:
        return self.pages[self.page.number - 2] if self.page.number > 1 else None


def _place(sitting: Sitting, number: int) -> Place:
    document = document_of(sitting.form, FormDocument)
    pages = rules.pages_of(document.items)
    page = next((p for p in pages if p.first <= number <= p.last), None)
    if page is None:
        raise NotFound(what={"ru": f"задание {number}", "en": f"item {number}"})
    return Place(document, pages, page)


@candidate_page
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, candidate: Candidate, number: int) -> HttpResponse:
    sitting = open_sitting(candidate)
    if sitting is None:
        return _go(request, reverse("candidate-overview"))
    speak(request, sitting.language)
    place = _place(sitting, number)
    if request.method == "POST":
        return _posted(request, candidate, sitting, place)
    now = timezone.now()
    if queries.clock_of(sitting).is_over(now):
        return redirect("candidate-finish")
    pause = queries.running_pause(sitting, now)
    if pause is not None:
        return render(request, "candidate/paused.html", _paused(candidate, sitting, place, pause, now))
    if number != place.page.first:
        return redirect("candidate-item", number=place.page.first)
    note_address(
        actor=candidate.actor, sitting=sitting, address=str(request.META.get("REMOTE_ADDR", "")), at=now
    )
    return render(request, "candidate/item.html", _context(candidate, sitting, place, now))


def _paused(
    candidate: Candidate, sitting: Sitting, place: Place, pause: Pause, now: datetime
) -> dict[str, Any]:
    """The clock stands, so the items are out of sight too."""
    clock = queries.clock_of(sitting)
    until = pause.started_at + timedelta(seconds=pause.limit_seconds) if pause.limit_seconds else None
    return {
        "pause": pause,
        "until": f"{until.astimezone(ZoneInfo(candidate.project.zone)):%H:%M %Z}" if until else "",
        "minutes_left": clock.remaining_seconds(now) // 60,
        "player": player_data(sitting, clock, now),
        "number": place.page.first,
        "is_trial": candidate.is_trial,
    }


@candidate_page
@require_POST
def pause(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """The break of the form: begin it, or come back from it."""
    sitting = _sitting_of_body(candidate, request.POST.get("sitting"))
    speak(request, sitting.language)
    change = end_break if request.POST.get("do") == "end" else take_break
    change(actor=candidate.actor, sitting=sitting, at=timezone.now())
    number = request.POST.get("number", "1")
    return redirect("candidate-item", number=int(number) if number.isdigit() else 1)


@candidate_page
@require_POST
def event(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """What the page tells of itself, as the candidate was told it would."""
    body = json_body(request)
    sitting = _sitting_of_body(candidate, body.get("sitting"))
    number = _whole(body, "n", 1, 10_000) if body.get("n") is not None else None
    is_kept = note_event(
        actor=candidate.actor, sitting=sitting, kind=str(body.get("kind")), number=number, at=timezone.now()
    )
    return JsonResponse({"kept": is_kept})


def _posted(request: HttpRequest, candidate: Candidate, sitting: Sitting, place: Place) -> HttpResponse:
    now = timezone.now()
    problems: list[str] = []
    shown: dict[int, dict[str, Any]] = {}
    epoch = _epoch(request.POST.get("epoch"), sitting)
    parts = parts_by_code(sitting.form, "item")
    current = queries.current_answers(sitting).items
    for n, one in enumerate(place.page.items, place.page.first):
        # A field set that was switched off (a page taken over by another tab) sends no marker and changes nothing.
        if request.POST.get(f"i{n}-here") != "1":
            continue
        try:
            with _named_by_number(n):
                _save_from_form(
                    candidate, sitting, one, parts[one.code], n, request, current[one.code], epoch, now
                )
        except (PartlyAnswered, MalformedResponse) as refusal:
            problems.append(refusal.message(sitting.language))
            shown[n] = _as_typed(one, n, request)
    go = request.POST.get("go", "next")
    if go == "flag":
        flagged = queries.flagged_items(sitting)
        on = place.page.items[0].code not in flagged
        flag_item(actor=candidate.actor, sitting=sitting, item=parts[place.page.items[0].code], on=on, at=now)
    is_taken_over = epoch < sitting.epoch
    if problems or is_taken_over:
        context = _context(candidate, sitting, place, now, shown) | {
            "problems": problems, "is_taken_over": is_taken_over, "page_epoch": epoch,
        }  # fmt: skip
        if wants_json(request):
            return JsonResponse({"problems": problems, "taken_over": is_taken_over}, status=422)
        return render(request, "candidate/item.html", context, status=422)
    return _go(request, _target(go, place))


def _save_from_form(
    candidate: Candidate, sitting: Sitting, one: Item, part: Part, number: int, request: HttpRequest,
    value: queries.AnswerValue | None, epoch: int, now: datetime,
) -> None:  # fmt: skip
    """Save what the form says unless that is what counts already: a double click or a reload adds no row."""
    cleaned = clean_response(one, response_from_form(one, number, request.POST))
    if cleaned == ((value.response or {}) if value else {}):
        return
    if value is not None and value.epoch == epoch:
        seq = value.seq + 1
    else:
        seq = player_data(sitting, queries.clock_of(sitting), now)["seq"] + 1
    record_answer(
        actor=candidate.actor,
        sitting=sitting,
        item=part,
        response=cleaned,
        uuid=uuid.uuid4(),
        seq=seq,
        epoch=epoch,
        at=now,
    )


def _as_typed(one: Item, number: int, request: HttpRequest) -> dict[str, Any]:
    """What stood in the fields that could not be saved, so that the page keeps it."""
    name = f"i{number}"
    if one.type == "best_worst":
        return {"best": request.POST.get(f"{name}-best", ""), "worst": request.POST.get(f"{name}-worst", "")}
    if one.type == "order":
        return {}
    if one.type == "map":
        return {
            "places": {
                person.code: "{}:{}".format(
                    *(request.POST.get(f"{name}-{axis}-{person.code}", "") for axis in ("power", "stance"))
                )
                for person in one.left
            }
        }
    return response_from_form(one, number, request.POST)


@contextmanager
def _named_by_number(number: int) -> Iterator[None]:
    """A refusal names the item as the candidate knows it: its code is part of the bank and stays on the server."""
    try:
        yield
    except MalformedResponse as refusal:
        refusal.params["item"] = number
        raise


def _epoch(raw: object, sitting: Sitting) -> int:
    try:
        epoch = int(str(raw))
    except ValueError:
        return sitting.epoch
    return min(max(epoch, 1), sitting.epoch)


def _target(go: str, place: Place) -> str:
    if go == "back":
        return reverse("candidate-item", args=[place.back.first if place.back else place.page.first])
    if go == "flag":
        return reverse("candidate-item", args=[place.page.first])
    if go.isdigit() and 1 <= int(go) <= place.total:
        return reverse("candidate-item", args=[int(go)])
    if go == "finish" or place.next is None:
        return reverse("candidate-finish")
    return reverse("candidate-item", args=[place.next.first])


def _go(request: HttpRequest, url: str) -> HttpResponse:
    return JsonResponse({"next": url}) if wants_json(request) else redirect(url)


def _context(
    candidate: Candidate,
    sitting: Sitting,
    place: Place,
    now: datetime,
    shown: Mapping[int, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    language = sitting.language
    answers = queries.current_answers(sitting)
    flagged = queries.flagged_items(sitting)
    stimuli = {stimulus.code: stimulus for stimulus in place.document.stimuli}
    page = place.page
    stimulus = stimuli.get(page.items[0].stimulus or "")
    items = [
        item_view(
            one, number=n, sitting_id=sitting.id, language=language, value=answers.items[one.code],
            shown=(shown or {}).get(n),
        )
        for n, one in enumerate(page.items, page.first)
    ]  # fmt: skip
    saved = [view["saved_at"] for view in items if view["saved_at"]]
    zone = ZoneInfo(candidate.project.zone)
    return {
        "items": items,
        "stimulus": stimulus_view(stimulus, language) if stimulus else None,
        # The rows one chooses from stand in the item itself; showing the table twice would only confuse.
        "table_in_item": any(one.type == "table_row" for one in page.items),
        "page": page,
        "pages": len(place.pages),
        "total": place.total,
        "has_back": place.back is not None,
        "is_last": place.next is None,
        "is_flagged": page.items[0].code in flagged,
        "progress": round(1000 * page.last / place.total),
        "saved_time": f"{max(saved).astimezone(zone):%H:%M:%S %Z}" if saved else "",
        "list": [
            {"number": n, "is_answered": code in answers.answered, "is_flagged": code in flagged,
             "is_here": page.first <= n <= page.last}
            for n, code in enumerate(answers.items, 1)
        ],
        "player": player_data(sitting, queries.clock_of(sitting), now),
        "page_epoch": sitting.epoch,
        "problems": [],
        "calculator": place.document.calculator,
        "desk": [
            {"stimulus": stimulus_view(stimuli[code], language), "n": n}
            for n, code in enumerate(place.document.materials, 1)
            if stimulus is None or code != stimulus.code
        ],
        "has_map": any(one.type == "map" for one in page.items),
        "formulas": [words_in(line, language) for line in place.document.formulas],
        "break_minutes": 0 if sitting.pauses.filter(kind=Pause.Kind.BREAK).exists() else place.document.break_minutes,
        "is_trial": candidate.is_trial,
    }  # fmt: skip


def _sitting_of_body(candidate: Candidate, sitting_id: object) -> Sitting:
    """The named sitting of this candidate, finished or not: a late queue must still find its door."""
    try:
        wanted = uuid.UUID(str(sitting_id))
    except ValueError:
        wanted = None
    found = (
        Sitting.objects.filter(id=wanted, participation=candidate.participation, on_paper=False)
        .select_related("form")
        .defer("form__body")  # read once and kept by its digest
        .order_by()
        .first()
        if wanted
        else None
    )
    if found is None:
        raise NotFound(what={"ru": "этот тест у этого участника", "en": "this test of this participant"})
    found.participation = candidate.participation  # with campaign, project and person, read with the session
    return found


@candidate_page
@require_POST
def answer(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """One state of one item from the script's queue; the reply is what the page may show as saved."""
    body = json_body(request)
    sitting = _sitting_of_body(candidate, body.get("sitting"))
    speak(request, sitting.language)
    document = document_of(sitting.form, FormDocument)
    number = _whole(body, "n", 1, len(document.items))
    try:
        key = uuid.UUID(str(body.get("uuid")))
    except ValueError as fault:
        raise _bad_field("uuid", body.get("uuid")) from fault
    response = body.get("response")
    if not isinstance(response, dict):
        raise _bad_field("response", response)
    stamped = parse_datetime(str(body.get("client_at") or ""))
    now = timezone.now()
    with _named_by_number(number):
        saved = record_answer(
            actor=candidate.actor, sitting=sitting, item=queries.item_part(sitting, document.items[number - 1].code),
            response=response, uuid=key, seq=_whole(body, "seq", 0, 2**31 - 1), epoch=_whole(body, "epoch", 1, 2**31 - 1),
            client_at=stamped if stamped is not None and stamped.tzinfo else None, at=now,
        )  # fmt: skip
    return JsonResponse(
        {
            "uuid": str(key),
            "saved_at": saved.answer.at.isoformat(),
            "counts": saved.counts,
            "late": saved.is_late,
            "answered": saved.is_answered,
            "epoch": saved.epoch,
            "remaining": saved.clock.remaining_seconds(now),
            "paused": saved.clock.is_paused(now),
        }
    )


@candidate_page
def state(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """The server's clock and who holds the sitting; reads only."""
    sitting = _sitting_of_body(candidate, request.GET.get("sitting"))
    now = timezone.now()
    clock = queries.clock_of(sitting)
    return JsonResponse(
        {
            "remaining": clock.remaining_seconds(now),
            "paused": clock.is_paused(now),
            "now": now.isoformat(),
            "epoch": sitting.epoch,
            "finished": sitting.finished_at is not None,
        }
    )


@candidate_page
@require_POST
def take_over_here(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """This tab goes on; older ones become read-only."""
    if wants_json(request):
        sitting = _sitting_of_body(candidate, json_body(request).get("sitting"))
        return JsonResponse({"epoch": take_over(actor=candidate.actor, sitting=sitting, at=timezone.now())})
    sitting = _sitting_of_body(candidate, request.POST.get("sitting"))
    take_over(actor=candidate.actor, sitting=sitting, at=timezone.now())
    number = request.POST.get("number", "1")
    return redirect("candidate-item", number=int(number) if number.isdigit() else 1)


def _whole(body: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _bad_field(name, value)
    return value


def _bad_field(name: str, value: object) -> InvalidInput:
    shown = str(value)[:60]
    return InvalidInput(
        what={
            "ru": f"Ответ не принят: поле {name}, получено «{shown}». Обновите страницу.",
            "en": f'The answer was not accepted: field {name}, got "{shown}". Reload the page.',
        }
    )
