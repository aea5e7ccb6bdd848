"""Reading drafts and releases of competency frameworks."""

from __future__ import annotations

from uuid import UUID

from kamerton.apps.frameworks.documents import (
    AnchoredLevel,
    Cluster,
    Competency,
    FrameworkDocument,
    Indicator,
    RoleProfile,
    ScaleLevel,
    Target,
)
from kamerton.apps.frameworks.models import Dismissal, Framework
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import DraftChange, Identity


def draft_of(project_id: UUID, slug: str) -> Framework:
    draft = (
        Framework.objects.filter(identity__project_id=project_id, identity__slug=slug)
        .select_related("identity")
        .first()
    )
    if draft is None:
        raise NotFound(what={"ru": f"черновик модели «{slug}»", "en": f'draft of the model "{slug}"'})
    return draft


def draft_document(identity: Identity) -> FrameworkDocument:
    """The draft tables as the document that publishing would freeze."""
    draft = Framework.objects.get(identity=identity)
    competencies = draft.competencies.prefetch_related("indicators", "levels").order_by("ordinal")
    profiles = draft.profiles.prefetch_related("targets__competency").order_by("ordinal")
    return FrameworkDocument(
        code=draft.code, name=draft.name, scale=[ScaleLevel(**row) for row in draft.scale],
        clusters=[Cluster(**row) for row in draft.clusters],
        competencies=[
            Competency(
                code=c.code, name=c.name, short=c.short, definition=c.definition, knowledge=c.knowledge, trainable=c.trainable,
                indicators=[Indicator(i.code, i.text, i.short) for i in sorted(c.indicators.all(), key=lambda i: i.ordinal)],
                levels=[AnchoredLevel(v.value, v.anchor) for v in sorted(c.levels.all(), key=lambda v: v.value)],
                development=c.development,
            )
            for c in competencies
        ],
        profiles=[
            RoleProfile(
                role=p.role, name=p.name, short=p.short, composite_cut=p.composite_cut,
                targets=[
                    Target(t.competency.code, t.target, t.minimum, t.weight)
                    for t in sorted(p.targets.all(), key=lambda t: t.competency.ordinal)
                ],
            )
            for p in profiles
        ],
    )  # fmt: skip


def framework_slugs(project_id: UUID) -> list[str]:
    """Every framework of the project, drafted or released, by slug."""
    return list(
        Identity.objects.filter(project_id=project_id, kind="framework")
        .order_by("slug")
        .values_list("slug", flat=True)
    )


def draft_if_any(project_id: UUID, slug: str) -> Framework | None:
    return (
        Framework.objects.filter(identity__project_id=project_id, identity__slug=slug)
        .select_related("identity")
        .first()
    )


def history_of(identity: Identity, limit: int = 20) -> list[DraftChange]:
    """The latest changes of the draft, newest first."""
    return list(DraftChange.objects.filter(identity=identity).order_by("-id")[:limit])


def change_of(identity: Identity, number: int) -> DraftChange:
    change = DraftChange.objects.filter(identity=identity, pk=number).first()
    if change is None:
        raise NotFound(what=str(number))
    return change


def dismissals_of(identity: Identity) -> dict[str, Dismissal]:
    """Mark of a finding → why it was set aside."""
    return {dismissal.mark: dismissal for dismissal in Dismissal.objects.filter(identity=identity)}
