from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from kamerton.apps.decisions import queries, rules
from kamerton.apps.decisions.models import Decision, FitResult
from kamerton.apps.people.queries import conflict_of
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused


class AgainstProposalNeedsReason(Refused):
    code = "against_proposal_needs_reason"
    status = 422
    texts = {
        "ru": "Решение расходится с предложением ({proposed}). Напишите, какие факты система не учла. "
        "Без основания решение не записывается.",
        "en": "The decision differs from the proposal ({proposed}). Write which facts the system did not count. "
        "Without a reason it is not recorded.",
    }


class NewerRunExists(Refused):
    code = "newer_run_exists"
    texts = {
        "ru": "Пока страница была открыта, появился расчёт № {number}. Откройте страницу заново и решите по нему.",
        "en": "While the page was open, run No. {number} appeared. Open the page again and decide on it.",
    }


class NotForSelection(Refused):
    code = "not_for_selection"
    status = 403
    texts = {
        "ru": "Согласие этого человека дано не для отбора или отозвано. Решать о роли по этим данным нельзя.",
        "en": "This person's consent is not for selection or was withdrawn. These data may not decide about a role.",
    }


class ConcernsYourself(Refused):
    code = "concerns_yourself"
    status = 403
    texts = {
        "ru": "О себе, родственнике или человеке с заявленным конфликтом интересов решает другой руководитель.",
        "en": "Another leader decides about yourself, your kin or a person with a declared conflict of interest.",
    }


@transaction.atomic
def record_decision(
    *, actor: Actor, fit: FitResult, outcome: str, role: str = "", reason: str = "", key: UUID, at: datetime
) -> Decision:
    """Write what a named person decided about a fit. The same key again returns the same decision.

    `role` names the other role when the outcome is "other_role"; against the proposal `reason` is required.
    """
    project_id = fit.run.project_id
    require(actor, project_id, "decide")
    earlier = Decision.objects.filter(key=key).select_related("fit__run").first()
    if earlier is not None and earlier.fit_id == fit.id:
        return earlier
    if earlier is not None:
        raise InvalidInput(
            what={
                "ru": "Эта форма уже отправлена для другого человека. Откройте страницу заново.",
                "en": "This form was already sent for another person. Open the page again.",
            }
        )
    _check(actor, fit, outcome, role)
    proposed = rules.proposed_outcome(fit.category)
    reason = reason.strip()
    if outcome != proposed and not reason:
        raise AgainstProposalNeedsReason(proposed=rules.OUTCOME_WORDS[proposed])
    try:
        with transaction.atomic():
            decision = Decision.objects.create(
                fit=fit, outcome=outcome, proposed=proposed, role=role if outcome == "other_role" else "",
                reason=reason, key=key, actor_id=actor.id, actor_name=actor.name, at=at,
            )  # fmt: skip
    except IntegrityError:
        # Two clicks in two processes: the other one was first.
        return Decision.objects.get(key=key, fit=fit)
    write_audit(
        actor=actor, project_id=project_id, verb="record_decision", object_kind="decision", object_id=decision.id,
        persons=[fit.subject.person_id],
        details={"outcome": outcome, "proposed": proposed, "run": fit.run.number, "with_reason": bool(reason)}, at=at,
    )  # fmt: skip
    return decision


def _check(actor: Actor, fit: FitResult, outcome: str, role: str) -> None:
    if outcome not in rules.OUTCOMES:
        raise InvalidInput(
            what={
                "ru": f"Решения «{outcome}» нет. Выберите одно из предложенных на странице.",
                "en": f'There is no decision "{outcome}". Choose one of those on the page.',
            }
        )
    if outcome == "other_role" and not role:
        raise InvalidInput(
            what={"ru": "Выберите, какую роль предложить.", "en": "Choose which role to offer."}
        )
    if not queries.is_for_selection(fit):
        raise NotForSelection
    newest = queries.current_run(fit.run.project_id, queries.role_of(fit.run))
    if newest is not None and newest.id != fit.run_id:
        raise NewerRunExists(number=newest.number)
    person_id = fit.subject.person_id
    if actor.person_id is not None and person_id is not None:
        conflict = conflict_of(actor.person_id, person_id)
        # A manager decides about direct reports: that is the work. Self, kin and interest are not.
        if conflict is not None and conflict.code != "direct_report":
            raise ConcernsYourself
