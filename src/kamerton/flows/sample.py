"""Build the Norvetal sample through the same actions as real data, in one transaction: it is there whole or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kamerton.apps.delivery import rules as delivery_rules
from kamerton.apps.delivery.actions import (
    add_participant,
    finish_sitting,
    give_consent,
    invite,
    open_campaign,
    record_answer,
    start_sitting,
    start_trial,
)
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.delivery.queries import TRIAL_SLUG, consent_texts
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.observation.actions import (
    LoadedNote,
    LoadedRating,
    LoadedSheet,
    TextScore,
    appoint_assessor,
    load_ratings,
    load_text_scores,
)
from kamerton.apps.people.actions import PersonData, create_user, grant_role, save_person
from kamerton.apps.people.models import Person, User
from kamerton.apps.people.queries import person_in, sample_persona
from kamerton.apps.records.actions import create_project
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of, latest_release, parts_by_code
from kamerton.flows.evaluate_role import evaluate_role
from kamerton.flows.install_pack import install_pack
from kamerton.flows.leave import demolish
from kamerton.flows.sample_world import (
    SampleFiles,
    drawn_notes,
    email_of,
    response_for,
    sample_files,
    sample_world,
)
from kamerton.measure.simulation import World

PACK = "kam-precious-metals"
SAMPLE_NAMESPACE = UUID("a1b7d9a2-62a5-5d5e-9d53-5f2f6f0e4b11")
Say = Callable[[str, str], None]


def pack_root() -> Path:
    return settings.CONTENT / PACK


def ensure_sample(*, say: Say, seed: int | None = None) -> Project:
    """The sample project, built if it is not there."""
    files = sample_files(pack_root())
    slug = files.sample["project"]["slug"]
    existing = Project.objects.filter(slug=slug).first()
    if existing is not None:
        return existing
    say(
        "Готовлю пример: люди, ответы, оценки (один раз, меньше минуты)…",
        "Preparing the sample: people, answers, ratings (once, under a minute)…",
    )
    return build_sample(files=files, seed=seed if seed is not None else int(files.sample["seed"]))


def remove_sample(*, at: datetime) -> None:
    """Destroy the sample and its accounts; nothing else is touched."""
    files = sample_files(pack_root())
    project = Project.objects.filter(slug=files.sample["project"]["slug"], kind=Project.Kind.SAMPLE).first()
    if project is not None:
        with transaction.atomic():
            demolish(actor=OPERATOR, project=project, at=at)
            User.objects.filter(login__endswith="@norvetal.example", grants__isnull=True).delete()


@transaction.atomic
def build_sample(*, files: SampleFiles, seed: int) -> Project:
    """Project, accounts, people, two campaigns, sittings, sheets, one evaluation."""
    sample = files.sample
    opens = _moment(sample["held"]["opens"])
    closes = _moment(sample["held"]["closes"])
    day = datetime.combine(sample["held"]["first_day"], opens.timetz())
    project = create_project(
        actor=OPERATOR,
        slug=sample["project"]["slug"],
        name=sample["project"]["name"],
        kind="sample",
        zone=sample["project"]["zone"],
        at=opens - timedelta(days=40),
    )
    install_pack(actor=OPERATOR, project=project, root=files.root, at=opens - timedelta(days=31))
    people = _people(project, files, opens - timedelta(days=20))
    assessors = _assessors(project, files, opens - timedelta(days=20))
    _accounts(project, files, opens - timedelta(days=20))
    world = sample_world(files, seed)
    internal, external = _campaigns(project, opens, closes)
    participations: list[Participation] = []
    for row, person in zip(sample["people"], people, strict=True):
        campaign = external if row[0] == "c" else internal
        participation = add_participant(actor=OPERATOR, campaign=campaign, person=person, at=opens)
        participations.append(
            Participation.objects.select_related(
                "campaign__project", "campaign__procedure__identity", "person"
            ).get(id=participation.id)
        )
    _sittings(project, files, world, participations, assessors, day, seed)
    _observations(project, files, world, participations, assessors, day, seed)
    evaluate_role(
        actor=OPERATOR,
        project=project,
        role=files.contents.procedures[0].fit_rule.role,
        at=day + timedelta(days=16),
    )
    return project


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.get_default_timezone())
    return datetime.fromisoformat(str(value))


def _people(project: Project, files: SampleFiles, at: datetime) -> list[Person]:
    """Employees and outside candidates of `sample.yaml`."""
    units = {row["code"]: row["name"] for row in files.sample["units"]}
    titles = files.sample["titles"]
    found: list[Person] = []
    for number, row in enumerate(files.sample["people"], start=1):
        outside = row[0] == "c"
        data = PersonData(
            family_name={"ru": row[1], "en": row[4]},
            given_name={"ru": row[2], "en": row[5]},
            middle_name={"ru": row[3]},
            email=email_of(row),
            employee_number="" if outside else f"N{number:04d}",
            unit={} if outside else units[row[7]],
            title={} if outside else titles[row[8]],
            is_outside=outside,
        )
        found.append(save_person(actor=OPERATOR, project=project, data=data, at=at).person)
    return found


def _assessors(project: Project, files: SampleFiles, at: datetime) -> list[Person]:
    unit = next(row["name"] for row in files.sample["units"] if row["code"] == "kam")
    found: list[Person] = []
    for number, row in enumerate(files.sample["assessors"], start=1):
        address = f"{row[4]}.{row[3]}@norvetal.example".lower()
        data = PersonData(
            family_name={"ru": row[0], "en": row[3]},
            given_name={"ru": row[1], "en": row[4]},
            middle_name={"ru": row[2]},
            email=address,
            employee_number=f"A{number:04d}",
            unit=unit,
            title=files.sample["titles"]["assessor"],
        )
        person = save_person(actor=OPERATOR, project=project, data=data, at=at).person
        name = f"{row[0]} {row[1][0]}. {row[2][0]}."
        user = create_user(actor=OPERATOR, login=address, name=name, password=None, at=at)
        grant_role(actor=OPERATOR, project=project, user=user, role="assessor", person=person, at=at)
        found.append(person)
    return found


def _accounts(project: Project, files: SampleFiles, at: datetime) -> None:
    for row in files.sample["accounts"]:
        user = create_user(actor=OPERATOR, login=row["login"], name=row["name"]["ru"], password=None, at=at)
        grant_role(actor=OPERATOR, project=project, user=user, role=row["role"], at=at)


def _campaigns(project: Project, opens: datetime, closes: datetime) -> tuple[Campaign, Campaign]:
    made: list[Campaign] = []
    for slug, procedure, name in (
        (
            "internal-2026",
            "kam-internal",
            {"ru": "Внутренний отбор в КАМ, ноябрь 2026", "en": "Internal selection for KAM, November 2026"},
        ),
        (
            "external-2026",
            "kam-external",
            {"ru": "Внешний отбор в КАМ, ноябрь 2026", "en": "External selection for KAM, November 2026"},
        ),
    ):
        release = latest_release(project.id, "procedure", procedure)
        assert release is not None
        made.append(
            open_campaign(
                actor=OPERATOR,
                project=project,
                procedure=release,
                slug=slug,
                name=name,
                purpose="selection",
                opens_at=opens,
                closes_at=closes,
                at=opens - timedelta(days=3),
            )
        )
    return made[0], made[1]


def _candidate(participation: Participation, project: Project) -> Actor:
    return Actor(
        "candidate", str(participation.id), "candidate", project.id, frozenset(), participation.person_id
    )


def _sittings(
    project: Project,
    files: SampleFiles,
    world: World,
    participations: list[Participation],
    assessors: list[Person],
    day: datetime,
    seed: int,
) -> None:
    """Everyone is invited, agrees, answers item by item, finishes; texts are scored by two assessors."""
    form_release = latest_release(project.id, "form", files.contents.forms[0].code)
    assert form_release is not None
    form = document_of(form_release, FormDocument)
    parts = parts_by_code(form_release, "item")
    scored: list[TextScore] = []
    for p, participation in enumerate(participations):
        rng = random.Random(f"{seed}/sitting/{p}")
        actor = _candidate(participation, project)
        start = day + timedelta(days=p % 3, minutes=rng.randrange(0, 420))
        invite(
            actor=OPERATOR,
            participation=participation,
            expires_at=participation.campaign.closes_at,
            token=f"sample-{uuid5(SAMPLE_NAMESPACE, f'{seed}/{p}').hex}",
            send=False,
            at=start - timedelta(days=2),
        )
        consent = next(text for text in consent_texts(participation.campaign) if text.purpose == "selection")
        give_consent(
            actor=actor,
            participation=participation,
            purpose="selection",
            text_digest=delivery_rules.consent_digest(consent),
            language="ru",
            at=start - timedelta(minutes=2),
        )
        sitting = start_sitting(
            actor=actor, participation=participation, form=form_release, language="ru", at=start
        ).sitting
        moment = start
        for j, item in enumerate(form.items):
            moment += timedelta(seconds=rng.randrange(35, 100))
            score = float(world.data.item_scores[p, j])
            if item.type == "short_text":
                whole = round(score)
                response: dict[str, Any] = {"text": rng.choice(files.written[item.code][whole])}
            else:
                response = response_for(item, score, rng)
            recorded = record_answer(
                actor=actor,
                sitting=sitting,
                item=parts[item.code],
                response=response,
                uuid=uuid5(SAMPLE_NAMESPACE, f"{seed}/{p}/{item.code}"),
                seq=j + 1,
                epoch=1,
                at=moment,
            )
            if item.type == "short_text":
                for assessor in rng.sample(assessors, 2):
                    scored.append(TextScore(recorded.answer.id, assessor.id, whole))
        finish_sitting(actor=actor, sitting=sitting, confirm_missing=True, at=moment + timedelta(seconds=40))
    load_text_scores(actor=OPERATOR, project_id=project.id, rows=scored, at=day + timedelta(days=5))


def _observations(
    project: Project,
    files: SampleFiles,
    world: World,
    participations: list[Participation],
    assessors: list[Person],
    day: datetime,
    seed: int,
) -> None:
    """Each person is seen by two assessors in each exercise; ratings as simulated, notes drawn by the level shown."""
    exercises: dict[str, Release] = {}
    for instrument in files.contents.procedures[0].instruments:
        if instrument.kind == "exercise":
            release = latest_release(project.id, "exercise", instrument.slug)
            assert release is not None
            exercises[instrument.code] = release
    order = list(exercises)
    sheets: dict[tuple[int, str, int], list[tuple[str, int]]] = {}
    data = world.data
    for k in range(len(data.rating)):
        key = (int(data.person[k]), world.design.instruments[int(data.exercise[k])], int(data.rater[k]))
        sheets.setdefault(key, []).append(
            (world.design.competencies[int(data.competency[k])], int(data.rating[k]))
        )
    rows: list[LoadedSheet] = []
    for (p, instrument, rater), given in sorted(sheets.items()):
        rng = random.Random(f"{seed}/sheet/{p}/{instrument}/{rater}")
        start = day + timedelta(days=4 + p // 6, minutes=75 * order.index(instrument) + 5 * (p % 6))
        used: set[str] = set()
        notes: list[LoadedNote] = []
        for competency, value in given:
            for indicator, sign, text in drawn_notes(files, instrument, competency, value, rng, used):
                notes.append(
                    LoadedNote(second=rng.randrange(60, 1450), text=text, indicator=indicator, sign=sign)
                )
        notes.sort(key=lambda note: note.second)
        rows.append(
            LoadedSheet(
                participation=participations[p],
                exercise=exercises[instrument],
                instrument=instrument,
                assessor=assessors[rater],
                ratings=[LoadedRating(code, value) for code, value in given],
                notes=notes,
                role="interviewer" if instrument == "SI" else "observer",
                when=start,
                room=str(1 + p % 3),
                started_at=start,
                submitted_at=start + timedelta(minutes=70),
            )
        )
    load_ratings(actor=OPERATOR, project=project, rows=rows, at=day + timedelta(days=12))


def _open_sheets(project: Project, files: SampleFiles, at: datetime) -> None:
    """The trial person waits in E2 and the interview, so that a visitor has something to rate; it enters no result."""
    start_trial(project=project, at=at)
    participation = Participation.objects.filter(campaign__project=project, campaign__slug=TRIAL_SLUG).latest(
        "added_at"
    )
    persona = sample_persona(project.id, "assessor")
    assert persona is not None
    first = person_in(project.id, persona.person_id) if persona.person_id else None
    if first is None:
        return
    second = (
        Person.objects.filter(project=project, grants__role="assessor")
        .exclude(id=first.id)
        .order_by("sort_key")[0]
    )
    for instrument in files.contents.procedures[0].instruments:
        if instrument.code not in {"E2", "SI"}:
            continue
        release = latest_release(project.id, "exercise", instrument.slug)
        assert release is not None
        for assessor in (first, second):
            appoint_assessor(
                actor=OPERATOR,
                participation=participation,
                exercise=release,
                instrument=instrument.code,
                assessor=assessor,
                role="interviewer" if instrument.code == "SI" else "observer",
                when=at,
                room="1",
                at=at,
            )
