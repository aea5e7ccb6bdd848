"""Projects, releases and their parts, the audit log, jobs: what every other room stands on."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Project(models.Model):
    """The hard wall: every root row belongs to one project."""

    class Kind(models.TextChoices):
        COMPANY = "company"
        SAMPLE = "sample"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=60)
    name = models.JSONField(help_text="text by language")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.COMPANY)
    zone = models.CharField(max_length=64, default="Europe/Moscow")
    languages = models.JSONField(default=list)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["company", "sample"]), name="project_kind_known")
        ]

    def __str__(self) -> str:
        return self.slug


class Identity(models.Model):
    """What stays the same through all releases of a thing: its kind and slug in a project."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=20)
    slug = models.SlugField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "slug"], name="identity_unique_in_project")
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.slug}"


class Release(models.Model):
    """One frozen document. Never updated or deleted: the database refuses (see `freezing`)."""

    class ChangeKind(models.TextChoices):
        FIRST = "first"
        WORDING = "wording"
        EQUIVALENT = "equivalent"
        SCORING = "scoring"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    body = models.TextField(help_text="canonical JSON")
    body_schema = models.CharField(max_length=30)
    digest = models.CharField(max_length=64)
    change_kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    summary = models.JSONField(default=dict)
    published_at = models.DateTimeField()
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity", "number"], name="release_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="release_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.identity_id}/{self.number}"


class Part(models.Model):
    """A piece of a release that other rows must point at: a competency, an item, an exercise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="parts")
    key = models.CharField(max_length=120)
    stable_id = models.UUIDField(help_text="the same through releases")
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "key"], name="part_key_unique")]
        indexes = [models.Index(fields=["stable_id"])]

    def __str__(self) -> str:
        return f"{self.release_id}#{self.key}"


class Seal(models.Model):
    """Written last when a release is published: from then on no part can be added to it."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, primary_key=True, related_name="seal")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seal of {self.release_id}"


class Retirement(models.Model):
    """A release is no longer offered. Its rows stay, and what was measured with it stays valid."""

    release = models.OneToOneField(
        Release, on_delete=models.PROTECT, primary_key=True, related_name="retirement"
    )
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    actor_name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"retirement of {self.release_id}"


class DraftChange(models.Model):
    """One change of a draft: where, what it was, what it became, who. Undo and history read it."""

    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="draft_changes")
    path = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["identity", "-at"])]

    def __str__(self) -> str:
        return f"{self.pk}: {self.path}"


class Audit(models.Model):
    """Who did or looked at what. `persons` lists the people whose data were shown or changed."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="audit_rows")
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    persons = models.JSONField(default=list)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project", "-at"])]

    def __str__(self) -> str:
        return f"{self.pk}: {self.verb}"


class Job(models.Model):
    """A piece of background work, unique by key; a killed worker leaves it to be swept and tried again."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=60)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="jobs")
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    heartbeat_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(attempts__lte=F("max_attempts")), name="job_attempts_bounded")
        ]
        indexes = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        return self.key


class Schedule(models.Model):
    """Work that comes back: the worker enqueues `job_kind` whenever `next_at` has passed."""

    job_kind = models.CharField(max_length=60, unique=True)
    every_seconds = models.PositiveIntegerField()
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.job_kind


class WorkerBeat(models.Model):
    """The last sign of life of the worker; a page says when none runs."""

    name = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Demolition(models.Model):
    """While a row stands here, frozen rows may be deleted: only the destruction of a whole project writes it."""

    project_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.project_id)
