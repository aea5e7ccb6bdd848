from __future__ import annotations

from datetime import datetime

from django.apps import apps
from django.db import connection, models, transaction

from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotPermitted
from kamerton.apps.records.models import Demolition, Project

from .write_audit import write_audit


def path_to_project(
    model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()
) -> str | None:
    """The shortest chain of not-null foreign keys from `model` to Project, as a lookup; None if there is none."""
    fields = [
        f
        for f in model._meta.get_fields()
        if isinstance(f, models.ForeignKey | models.OneToOneField) and f.concrete
    ]
    for field in fields:
        if field.related_model is Project:
            return field.name
    best: str | None = None
    for field in fields:
        target = field.related_model
        if field.null or not isinstance(target, type) or target in seen or target is model:
            continue
        deeper = path_to_project(target, seen | {model})
        if deeper and (best is None or deeper.count("__") + 1 < best.count("__")):
            best = f"{field.name}__{deeper}"
    return best


@transaction.atomic
def destroy_project(*, actor: Actor, project: Project, at: datetime) -> dict[str, int]:
    """Delete a whole project with everything in it and nothing else; returns rows deleted by table.

    The only act that deletes frozen rows: the guards let it through while the demolition row stands.
    """
    if actor.kind not in {"operator", "system"}:
        raise NotPermitted(permission={"ru": "уничтожать проекты", "en": "destroy projects"})
    Demolition.objects.create(project_id=project.id, at=at)
    project_id, slug = project.id, project.slug
    deleted: dict[str, int] = {}
    scoped: list[tuple[type[models.Model], str]] = []
    for model in apps.get_models():
        if model is Project or not model.__module__.startswith("kamerton."):
            continue
        path = path_to_project(model)
        if path:
            scoped.append((model, path))
    # Rooms stand from the ground up in INSTALLED_APPS, and foreign keys point down: delete from the roof.
    order = {config.label: index for index, config in enumerate(apps.get_app_configs())}
    waiting = sorted(scoped, key=lambda pair: -order[pair[0]._meta.app_label])
    ids = {
        model: list(model._default_manager.filter(**{path: project_id}).values_list("pk", flat=True))
        for model, path in waiting
    }
    # Foreign keys are deferred on both databases: the order inside the transaction does not matter.
    for model, _path in waiting:
        keys = ids[model]
        for start in range(0, len(keys), 500):
            count = model._default_manager.filter(pk__in=keys[start : start + 500])._raw_delete(
                using=connection.alias
            )
            deleted[model._meta.db_table] = deleted.get(model._meta.db_table, 0) + count
    Project.objects.filter(id=project_id)._raw_delete(using=connection.alias)
    Demolition.objects.filter(project_id=project_id).delete()
    write_audit(
        actor=actor,
        project_id=None,
        verb="destroy_project",
        object_kind="project",
        object_id=project_id,
        details={"slug": slug, "rows": deleted},
        at=at,
    )
    return deleted
