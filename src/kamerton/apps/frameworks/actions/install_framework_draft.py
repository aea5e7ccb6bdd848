from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.models import Competency, Framework, Indicator, Level, RoleProfile, Target
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Identity, Project
from kamerton.values.documents import write_document


@transaction.atomic
def install_framework_draft(
    *, actor: Actor, project: Project, document: FrameworkDocument, at: datetime
) -> Identity:
    """Lay the document out as draft tables; a draft that is there already stays as it is."""
    require(actor, project.id, "install_pack")
    found = Framework.objects.filter(
        identity__project=project, identity__kind="framework", identity__slug=document.code
    )
    draft = found.select_related("identity").first()
    return (draft or lay_out_framework(actor=actor, project=project, document=document, at=at)).identity


def lay_out_framework(
    *, actor: Actor, project: Project, document: FrameworkDocument, at: datetime
) -> Framework:
    """The document as draft tables. The caller has checked the permission."""
    identity, _ = Identity.objects.get_or_create(project=project, kind="framework", slug=document.code)
    plain = write_document(document)
    draft = Framework.objects.create(
        identity=identity,
        code=document.code,
        name=document.name,
        scale=plain["scale"],
        clusters=plain["clusters"],
        changed_at=at,
    )
    rows: dict[str, Competency] = {}
    for ordinal, c in enumerate(document.competencies):
        row = Competency.objects.create(
            framework=draft, ordinal=ordinal, code=c.code, name=c.name, short=c.short, definition=c.definition,
            knowledge=c.knowledge, development=c.development, trainable=c.trainable,
        )  # fmt: skip
        rows[c.code] = row
        Indicator.objects.bulk_create(
            Indicator(competency=row, ordinal=n, code=i.code, text=i.text, short=i.short)
            for n, i in enumerate(c.indicators)
        )
        Level.objects.bulk_create(
            Level(competency=row, value=level.value, anchor=level.anchor) for level in c.levels
        )
    for ordinal, p in enumerate(document.profiles):
        profile = RoleProfile.objects.create(
            framework=draft,
            ordinal=ordinal,
            role=p.role,
            name=p.name,
            short=p.short,
            composite_cut=p.composite_cut,
        )
        Target.objects.bulk_create(
            Target(
                profile=profile,
                competency=rows[t.competency],
                target=t.target,
                minimum=t.minimum,
                weight=t.weight,
            )
            for t in p.targets
        )
    write_audit(
        actor=actor, project_id=project.id, verb="install_draft", object_kind="framework", object_id=identity.id,
        details={"slug": document.code}, at=at,
    )  # fmt: skip
    return draft
