from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.delivery.queries import TRIAL_SLUG
from kamerton.apps.people.actions import PersonData, save_person
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import SYSTEM
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of, releases_in_force

from .add_participant import add_participant
from .begin_session import SessionBegun, begin_session
from .invite import invite
from .open_campaign import open_campaign

TRIAL_YEARS = timedelta(days=365 * 50)
"""A trial has no window of its own: it stays open as long as the sample stands."""


class NothingToTry(Refused):
    code = "nothing_to_try"
    texts = {
        "ru": "В проекте нет опубликованной процедуры с тестом, поэтому пробовать пока нечего.",
        "en": "The project has no published procedure with a test, so there is nothing to try yet.",
    }


def trial_procedure(project: Project) -> Release:
    """The procedure a visitor tries: the lane for people from outside, else any with a form."""
    with_form = [
        (release, document)
        for release in releases_in_force(project.id, "procedure")
        for document in [document_of(release, ProcedureDocument)]
        if any(instrument.kind == "form" for instrument in document.instruments)
    ]
    if not with_form:
        raise NothingToTry
    return min(with_form, key=lambda pair: pair[1].lane != "external")[0]


@transaction.atomic
def start_trial(*, project: Project, at: datetime) -> SessionBegun:
    """A fresh run through the candidate's pages in a sample, as the trial person; it enters no result.

    The system acts, not the visitor: whoever may open the demo may try the test, and gains no right by it.
    """
    if project.kind != Project.Kind.SAMPLE:
        raise NotFound(
            what={"ru": "проба теста: она есть только в примерах", "en": "a trial: only samples have one"}
        )
    campaign = _trial_campaign(project, at)
    person = save_person(
        actor=SYSTEM,
        project=project,
        data=PersonData(
            family_name={"ru": "Пробный", "en": "Trial"},
            given_name={"ru": "участник", "en": "participant"},
            employee_number="TRY",
            is_outside=True,
        ),
        at=at,
    ).person
    last = Participation.objects.filter(campaign=campaign, person=person).order_by("-occasion").first()
    participation = add_participant(
        actor=SYSTEM, campaign=campaign, person=person, occasion=last.occasion + 1 if last else 1, at=at
    )
    invited = invite(
        actor=SYSTEM, participation=participation, expires_at=at + timedelta(days=1), send=False, at=at
    )
    return begin_session(token=invited.token, at=at)


def _trial_campaign(project: Project, at: datetime) -> Campaign:
    existing = Campaign.objects.filter(project=project, slug=TRIAL_SLUG).select_related("procedure").first()
    if existing is not None:
        return existing
    procedure = trial_procedure(project)
    return open_campaign(
        actor=SYSTEM, project=project, procedure=procedure, slug=TRIAL_SLUG,
        name={"ru": "Проба теста", "en": "Trial of the test"},
        purpose=document_of(procedure, ProcedureDocument).purposes[0], opens_at=at, closes_at=at + TRIAL_YEARS, at=at,
    )  # fmt: skip
