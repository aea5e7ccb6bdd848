"""Reading drafts and releases of functions."""

from __future__ import annotations

from uuid import UUID

from kamerton.apps.functions.documents import FunctionDocument, FunctionRole, Process, ProcessStep
from kamerton.apps.functions.models import Function
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import DraftChange, Identity


def draft_of(project_id: UUID, slug: str) -> Function:
    draft = (
        Function.objects.filter(identity__project_id=project_id, identity__slug=slug)
        .select_related("identity")
        .first()
    )
    if draft is None:
        raise NotFound(what={"ru": f"черновик функции «{slug}»", "en": f'draft of the function "{slug}"'})
    return draft


def draft_document(identity: Identity) -> FunctionDocument:
    """The draft tables as the document that publishing would freeze."""
    draft = Function.objects.get(identity=identity)
    processes = draft.processes.prefetch_related("cells__role").order_by("ordinal")
    return FunctionDocument(
        code=draft.code, name=draft.name, purpose=draft.purpose, before=draft.before, after=draft.after,
        roles=[FunctionRole(r.code, r.name, r.short, r.purpose) for r in draft.roles.order_by("ordinal")],
        processes=[
            Process(
                code=p.code, name=p.name, purpose=p.purpose, input=p.input, output=p.output, measure=p.measure,
                cadence=p.cadence, steps=[ProcessStep(**step) for step in p.steps],
                raci={c.role.code: c.letters for c in sorted(p.cells.all(), key=lambda c: c.role.ordinal)},
            )
            for p in processes
        ],
    )  # fmt: skip


def function_slugs(project_id: UUID) -> list[str]:
    """Every function of the project, drafted or released, by slug."""
    return list(
        Identity.objects.filter(project_id=project_id, kind="function")
        .order_by("slug")
        .values_list("slug", flat=True)
    )


def draft_if_any(project_id: UUID, slug: str) -> Function | None:
    return (
        Function.objects.filter(identity__project_id=project_id, identity__slug=slug)
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
