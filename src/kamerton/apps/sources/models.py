"""What people said, which indicator it carries, and how judges sorted it."""

from __future__ import annotations

import uuid

from django.db import models


class Source(models.Model):
    """An interview or a focus group. The respondent is a role in words, never a person."""

    class Kind(models.TextChoices):
        INTERVIEW = "interview"
        FOCUS_GROUP = "focus_group"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="sources")
    framework = models.SlugField(max_length=60)
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    held = models.DateField()
    respondent = models.JSONField()
    recorded_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "framework", "code"], name="source_code_unique")
        ]

    def __str__(self) -> str:
        return self.code


class Incident(models.Model):
    """A case told: situation, behaviour, result."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="incidents")
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=20)
    situation = models.JSONField()
    behaviour = models.JSONField()
    result = models.JSONField()
    effective = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="incident_code_unique")]

    def __str__(self) -> str:
        return self.code


class Support(models.Model):
    """An incident carries an indicator of the model."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="supports")
    indicator = models.CharField(max_length=20, help_text="code within the source's framework")
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "indicator"], name="support_once")]

    def __str__(self) -> str:
        return f"{self.incident_id}→{self.indicator}"


class SortRound(models.Model):
    """A round of sorting. Cards, targets and rule are settled when it opens."""

    class Kind(models.TextChoices):
        INCIDENTS = "incidents"
        INDICATORS = "indicators"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="sort_rounds")
    framework = models.SlugField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    cards = models.JSONField(
        help_text="[{code, text, home}]: home is the competency its author meant, or empty"
    )
    targets = models.JSONField(help_text="[{code, name, definition}]")
    least = models.FloatField(help_text="share of judges that keeps a card, stated before the round")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Judge(models.Model):
    """One who sorts, by a personal link of which only the hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.ForeignKey(SortRound, on_delete=models.PROTECT, related_name="judges")
    label = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "label"], name="judge_label_unique")]

    def __str__(self) -> str:
        return self.label


class Placement(models.Model):
    """Where a judge put a card. Append-only; the newest counts."""

    id = models.BigAutoField(primary_key=True)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="placements")
    card = models.CharField(max_length=40)
    target = models.CharField(max_length=20, blank=True, help_text="empty: fits none")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["judge", "card"])]

    def __str__(self) -> str:
        return str(self.pk)
