from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.functions.models import Function, FunctionRole, Process, RaciCell
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Identity, Project
from kamerton.values.documents import write_document


@transaction.atomic
def install_function_draft(
    *, actor: Actor, project: Project, document: FunctionDocument, at: datetime
) -> Identity:
    """Lay the document out as draft tables; a draft that is there already stays as it is."""
    require(actor, project.id, "install_pack")
    identity, _ = Identity.objects.get_or_create(project=project, kind="function", slug=document.code)
    if Function.objects.filter(identity=identity).exists():
        return identity
    plain = write_document(document)
    draft = Function.objects.create(
        identity=identity, code=document.code, name=document.name, purpose=document.purpose, before=document.before,
        after=document.after, changed_at=at,
    )  # fmt: skip
    roles = {}
    for ordinal, role in enumerate(document.roles):
        roles[role.code] = FunctionRole.objects.create(
            function=draft,
            ordinal=ordinal,
            code=role.code,
            name=role.name,
            short=role.short,
            purpose=role.purpose,
        )
    for ordinal, (process, raw) in enumerate(zip(document.processes, plain["processes"], strict=True)):
        row = Process.objects.create(
            function=draft, ordinal=ordinal, code=process.code, name=process.name, purpose=process.purpose,
            input=process.input, output=process.output, measure=process.measure, cadence=process.cadence, steps=raw["steps"],
        )  # fmt: skip
        RaciCell.objects.bulk_create(
            RaciCell(process=row, role=roles[code], letters=letters) for code, letters in process.raci.items()
        )
    write_audit(
        actor=actor, project_id=project.id, verb="install_draft", object_kind="function", object_id=identity.id,
        details={"slug": document.code}, at=at,
    )  # fmt: skip
    return identity
