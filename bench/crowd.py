"""A project with as many evaluated people as asked for, copied from the sample in bulk: for measurements only."""

from __future__ import annotations

from itertools import cycle, islice
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from bench.home import ROOT
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.queries import current_run
from kamerton.apps.delivery.actions import open_campaign
from kamerton.apps.delivery.models import Consent, Participation
from kamerton.apps.people.actions import create_user, grant_role
from kamerton.apps.people.models import Employment, Person, PersonIdentity, Position, Subject, Unit, User
from kamerton.apps.people.rules import search_key, sort_key
from kamerton.apps.records.actions import create_project
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import latest_release, parts_by_code
from kamerton.apps.results.models import Score, ScoreRun
from kamerton.flows.install_pack import install_pack


@transaction.atomic
def crowded_project(sample: Project, slug: str, count: int) -> tuple[Project, User]:
    """`count` people with the sample's fits in turn, and a leader who may look at them."""
    now = timezone.now()
    project = create_project(actor=OPERATOR, slug=slug, name={"ru": slug, "en": slug}, at=now)
    install_pack(actor=OPERATOR, project=project, root=ROOT / "content" / "kam-precious-metals", at=now)
    leader = create_user(actor=OPERATOR, login=f"leader@{slug}.example", name="Leader", password=None, at=now)
    grant_role(actor=OPERATOR, project=project, user=leader, role="leader", at=now)
    framework = latest_release(project.id, "framework", "kam")
    procedure = latest_release(project.id, "procedure", "kam-internal")
    model = current_run(sample.id, "R3")
    assert framework is not None and procedure is not None and model is not None
    campaign = open_campaign(
        actor=OPERATOR, project=project, procedure=procedure, slug="crowd", name={"ru": "Много", "en": "Many"},
        purpose="selection", opens_at=now, closes_at=now.replace(year=now.year + 1), at=now,
    )  # fmt: skip
    units = Unit.objects.bulk_create(
        Unit(project=project, code=f"u{n}", name={"ru": f"Отдел {n}"}) for n in range(20)
    )
    positions = Position.objects.bulk_create(
        Position(project=project, unit=unit, title={"ru": "Менеджер"}) for unit in units
    )
    letters = "абвгдежзиклмнопрст"
    names = [f"Людов{letters[n % 18]}{letters[n // 18 % 18]}{letters[n // 324 % 18]}" for n in range(count)]
    people = Person.objects.bulk_create(
        (Person(project=project, search_key=search_key(name, "Пётр"), sort_key=sort_key(name, "Пётр"), created_at=now) for name in names),
        batch_size=500,
    )  # fmt: skip
    PersonIdentity.objects.bulk_create(
        (PersonIdentity(person=p, family_name={"ru": n}, given_name={"ru": "Пётр"}) for p, n in zip(people, names, strict=True)),
        batch_size=500,
    )  # fmt: skip
    Employment.objects.bulk_create(
        (Employment(person=p, position=positions[i % 20]) for i, p in enumerate(people)), batch_size=500
    )
    subjects = Subject.objects.bulk_create(
        (Subject(project=project, kind="person", person=p) for p in people), batch_size=500
    )
    participations = Participation.objects.bulk_create(
        (Participation(campaign=campaign, person=p, added_at=now) for p in people), batch_size=500
    )
    Consent.objects.bulk_create(
        (
            Consent(participation=p, purpose="selection", procedure=procedure, text_digest="0" * 64, language="ru", given_at=now)
            for p in participations
        ),
        batch_size=500,
    )  # fmt: skip
    values = {field.attname: getattr(model, field.attname) for field in ScoreRun._meta.concrete_fields}
    run = ScoreRun.objects.create(
        **values
        | {
            "id": uuid4(),
            "project_id": project.id,
            "number": 1,
            "calibration_id": None,
            "supersedes_id": None,
        }
    )
    profile = parts_by_code(framework, "profile")["R3"]
    fits = list(FitResult.objects.filter(run=model).order_by("id"))
    scores: dict[object, list[Score]] = {}
    for score in Score.objects.filter(run=model, source="combined"):
        scores.setdefault(score.subject_id, []).append(score)
    chosen = list(islice(cycle(fits), count))
    FitResult.objects.bulk_create(
        (
            _copied(FitResult, fit, run=run, subject=s, participation=p, profile=profile, procedure=procedure)
            for fit, s, p in zip(chosen, subjects, participations, strict=True)
        ),
        batch_size=200,
    )
    Score.objects.bulk_create(
        (
            _copied(Score, score, run=run, subject=s, framework=framework)
            for fit, s in zip(chosen, subjects, strict=True)
            for score in scores[fit.subject_id]
        ),
        batch_size=400,
    )
    return project, leader


def _copied(model: type, row: object, **changed: object) -> object:
    values = {
        field.name: getattr(row, field.name) if not field.is_relation else getattr(row, field.attname)
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in changed
    }
    return model(**values, **changed)
