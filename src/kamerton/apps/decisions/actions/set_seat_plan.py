from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kamerton.apps.decisions.models import SeatPlan
from kamerton.apps.people.rules import may, require
from kamerton.apps.procedures.documents import SeatNeed
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput
from kamerton.apps.records.models import Project


def _check(rows: Sequence[SeatNeed]) -> None:
    for place, row in enumerate(rows, start=1):
        if not row.segment or row.accounts < 0 or row.seats < 0 or row.accounts_per_seat <= 0:
            raise InvalidInput(
                what={
                    "ru": f"План мест, строка {place}: нужны название сегмента, клиенты и места от 0, клиентов на место "
                    f"больше 0. Получено: клиентов {row.accounts}, на место {row.accounts_per_seat}, мест {row.seats}.",
                    "en": f"Seat plan, row {place}: a segment name, accounts and seats from 0, accounts per seat above 0 "
                    f"are needed. Got accounts {row.accounts}, per seat {row.accounts_per_seat}, seats {row.seats}.",
                }
            )


@transaction.atomic
def set_seat_plan(
    *, actor: Actor, project: Project, role: str, rows: Sequence[SeatNeed], period: str = "2027", at: datetime
) -> list[SeatPlan]:
    """Replace the plan of a role for a period. Who installs a role pack may bring the plan that lies in it."""
    if not may(actor, project.id, "install_pack"):
        require(actor, project.id, "plan_seats")
    _check(rows)
    before = SeatPlan.objects.filter(project=project, role=role, period=period)
    had = sum(before.values_list("seats", flat=True))
    before.delete()
    plan = SeatPlan.objects.bulk_create(
        SeatPlan(
            project=project,
            role=role,
            ordinal=ordinal,
            segment=row.segment,
            period=period,
            accounts=row.accounts,
            accounts_per_seat=row.accounts_per_seat,
            seats=row.seats,
            profile=row.profile,
        )
        for ordinal, row in enumerate(rows)
    )
    write_audit(
        actor=actor, project_id=project.id, verb="set_seat_plan", object_kind="role", object_id=role,
        details={"period": period, "seats_before": had, "seats": sum(row.seats for row in rows)}, at=at,
    )  # fmt: skip
    return plan
