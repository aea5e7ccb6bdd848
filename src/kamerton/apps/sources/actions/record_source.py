from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.people.rules import may, require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.sources import rules
from kamerton.apps.sources.documents import IncidentDocument, SourceDocument
from kamerton.apps.sources.models import Incident, Source, Support
from kamerton.values.texts import LangText

LONGEST = 4000


class PersonalData(Refused):
    """The record seems to name people; masking or an explicit word lets it pass."""

    code = "personal_data"
    status = 422
    texts = {
        "ru": "В записи видны личные данные: {found}. Замените их ролью, скройте или подтвердите, что это не люди.",
        "en": "The record seems to hold personal data: {found}. Put a role in their place, mask them or confirm that these are not people.",
    }


class SourceExists(Refused):
    code = "source_exists"
    texts = {
        "ru": "Источник {source} уже записан. Дайте новый код или откройте записанный.",
        "en": "Source {source} has been recorded already. Give a new code or open the recorded one.",
    }


@dataclass(frozen=True, slots=True)
class SourcesRecorded:
    sources: int
    incidents: int
    supports: int


def _texts(incident: IncidentDocument) -> tuple[LangText, LangText, LangText]:
    return incident.situation, incident.behaviour, incident.result


def _masked(text: LangText, words: Collection[str]) -> LangText:
    return {tag: rules.mask(value, words) for tag, value in text.items()}


@transaction.atomic
def record_sources(
    *,
    actor: Actor,
    project: Project,
    framework: str,
    sources: Sequence[SourceDocument],
    known: Collection[str] = (),
    masks: Collection[str] = (),
    is_checked: bool = False,
    recorded_by: str = "",
    at: datetime,
) -> SourcesRecorded:
    """Keep interviews and focus groups whole, or nothing of them. `known`: codes of indicators that may be named.

    Words of `masks` become […]; what still looks like personal data is refused unless `is_checked` says that somebody has
    read it.
    """
    if not may(actor, project.id, "install_pack"):
        require(actor, project.id, "edit_sources")
    incidents = supports = 0
    for source in sources:
        _check(source, known)
        if not is_checked:
            _refuse_names(source, masks)
        if Source.objects.filter(project=project, framework=framework, code=source.code).exists():
            raise SourceExists(source=source.code)
        row = Source.objects.create(
            project=project, framework=framework, code=source.code, kind=source.kind, held=source.held,
            respondent=_masked(source.respondent, masks), recorded_by=recorded_by or actor.name, created_at=at,
        )  # fmt: skip
        for ordinal, told in enumerate(source.incidents):
            supports += _keep(row, ordinal, told, masks, actor, at)
            incidents += 1
    write_audit(
        actor=actor, project_id=project.id, verb="record_sources", object_kind="framework", object_id=framework,
        details={"sources": len(sources), "incidents": incidents}, at=at,
    )  # fmt: skip
    return SourcesRecorded(len(sources), incidents, supports)


def _keep(
    row: Source, ordinal: int, told: IncidentDocument, masks: Collection[str], actor: Actor, at: datetime
) -> int:
    incident = Incident.objects.create(
        source=row, ordinal=ordinal, code=told.code, effective=told.effective, situation=_masked(told.situation, masks),
        behaviour=_masked(told.behaviour, masks), result=_masked(told.result, masks),
    )  # fmt: skip
    Support.objects.bulk_create(
        Support(incident=incident, indicator=code, actor_name=actor.name, at=at)
        for code in dict.fromkeys(told.indicators)
    )
    return len(dict.fromkeys(told.indicators))


def _check(source: SourceDocument, known: Collection[str]) -> None:
    codes = [incident.code for incident in source.incidents]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise InvalidInput(
            what={
                "ru": f"{source.code}: код случая повторяется: {', '.join(twice)}.",
                "en": f"{source.code}: the code of an incident repeats: {', '.join(twice)}.",
            }
        )
    for incident in source.incidents:
        if not any(text.strip() for text in incident.behaviour.values()):
            raise InvalidInput(
                what={
                    "ru": f"{incident.code}: нет поведения. Без него случай ничего не скажет об индикаторе.",
                    "en": f"{incident.code}: there is no behaviour. Without it an incident says nothing of an indicator.",
                }
            )
        if any(len(value) > LONGEST for text in _texts(incident) for value in text.values()):
            raise InvalidInput(
                what={
                    "ru": f"{incident.code}: текст длиннее {LONGEST} знаков. Разделите его на случаи.",
                    "en": f"{incident.code}: a text is longer than {LONGEST} characters. Divide it into incidents.",
                }
            )
        unknown = sorted(set(incident.indicators) - set(known)) if known else []
        if unknown:
            raise InvalidInput(
                what={
                    "ru": f"{incident.code}: индикатора {', '.join(unknown)} в модели нет.",
                    "en": f"{incident.code}: the model has no indicator {', '.join(unknown)}.",
                }
            )


def _refuse_names(source: SourceDocument, masks: Collection[str]) -> None:
    texts = [source.respondent, *(text for incident in source.incidents for text in _texts(incident))]
    found = [
        word for text in texts for value in text.values() for word in rules.suspects(rules.mask(value, masks))
    ]
    if found:
        listed = ", ".join(dict.fromkeys(found))
        raise PersonalData(found=listed[:300])


@transaction.atomic
def link_indicators(
    *, actor: Actor, incident: Incident, indicators: Collection[str], known: Collection[str], at: datetime
) -> int:
    """Let an incident carry these indicators and no others; returns how many links changed."""
    project_id = incident.source.project_id
    require(actor, project_id, "edit_sources")
    unknown = sorted(set(indicators) - set(known))
    if unknown:
        raise NotFound(
            what={"ru": f"индикатор {', '.join(unknown)}", "en": f"indicator {', '.join(unknown)}"}
        )
    held = set(incident.supports.values_list("indicator", flat=True))
    wanted = set(indicators)
    Support.objects.filter(incident=incident, indicator__in=held - wanted).delete()
    Support.objects.bulk_create(
        Support(incident=incident, indicator=code, actor_name=actor.name, at=at)
        for code in sorted(wanted - held)
    )
    if held != wanted:
        write_audit(
            actor=actor, project_id=project_id, verb="link_indicators", object_kind="incident", object_id=incident.id,
            details={"before": sorted(held), "after": sorted(wanted)}, at=at,
        )  # fmt: skip
    return len(held ^ wanted)


@transaction.atomic
def add_incident(
    *,
    actor: Actor,
    source: Source,
    incident: IncidentDocument,
    known: Collection[str] = (),
    masks: Collection[str] = (),
    is_checked: bool = False,
    at: datetime,
) -> Incident:
    """One more case of a source."""
    require(actor, source.project_id, "edit_sources")
    held = Source.objects.select_for_update().get(id=source.id)
    whole = SourceDocument(held.code, held.kind, held.held, held.respondent, [incident])  # type: ignore[arg-type]
    _check(whole, known)
    if not is_checked:
        _refuse_names(whole, masks)
    codes = set(held.incidents.values_list("code", flat=True))
    if incident.code in codes:
        raise InvalidInput(
            what={
                "ru": f"Случай {incident.code} уже записан.",
                "en": f"Incident {incident.code} has been recorded already.",
            }
        )
    _keep(held, len(codes), incident, masks, actor, at)
    write_audit(
        actor=actor, project_id=held.project_id, verb="add_incident", object_kind="source", object_id=held.id,
        details={"code": incident.code}, at=at,
    )  # fmt: skip
    return held.incidents.get(code=incident.code)


@transaction.atomic
def remove_source(*, actor: Actor, source: Source, reason: str, at: datetime) -> int:
    """Take an interview out with its incidents, for example one that a pack brought along or that its teller took back.

    What was said is gone; that something was removed, by whom and why stays in the log. Rounds of sorting keep their cards.
    """
    require(actor, source.project_id, "edit_sources")
    text = " ".join(reason.split())
    if len(text) < 5:
        raise InvalidInput(
            what={"ru": "Напишите, почему источник убирают.", "en": "Write why the source is taken out."}
        )
    incidents = Incident.objects.filter(source=source)
    count = incidents.count()
    Support.objects.filter(incident__in=incidents).delete()
    incidents.delete()
    Source.objects.filter(id=source.id).delete()
    write_audit(
        actor=actor, project_id=source.project_id, verb="remove_source", object_kind="source", object_id=source.id,
        details={"code": source.code, "incidents": count, "reason": text[:300]}, at=at,
    )  # fmt: skip
    return count
