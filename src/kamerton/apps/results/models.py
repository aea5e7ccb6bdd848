"""Score runs and what they derived: item scores and scores. Derived rows are appended, never updated."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class ScoreRun(models.Model):
    """One computation: its inputs by digest, algorithms, numbers it froze, actor and time (SCORING A7)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign_group = models.CharField(max_length=80, help_text="what was evaluated together, e.g. role:R3")
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="score_runs")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, default="cohort")
    inputs_digest = models.CharField(max_length=64)
    inputs = models.JSONField(help_text="releases and digests of the inputs, exclusions with reasons, counts")
    algorithms = models.JSONField(help_text="step → id with version")
    frozen = models.JSONField(help_text="knots, components, severities, steps, prior, seed, draws")
    calibration = models.ForeignKey(
        "records.Release", on_delete=models.PROTECT, null=True, related_name="score_runs"
    )
    outputs_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    libraries = models.JSONField()
    seed = models.BigIntegerField()
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="score_run_number_unique")]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"


class ItemScore(models.Model):
    """What one answer (or its absence) earned, or the reason why nothing was scored."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT, related_name="item_scores")
    sitting = models.ForeignKey("delivery.Sitting", on_delete=models.PROTECT, related_name="item_scores")
    answer = models.ForeignKey(
        "delivery.Answer", on_delete=models.PROTECT, null=True, related_name="item_scores"
    )
    item = models.ForeignKey("records.Part", on_delete=models.PROTECT, related_name="item_scores")
    value = models.FloatField(null=True)
    maximum = models.FloatField()
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "sitting", "item"], name="item_score_once_a_run"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(reason=""), name="item_score_is_a_value_or_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Score(models.Model):
    """An estimate of one competency of one subject from one source (an instrument, or all combined)."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT, related_name="scores")
    subject = models.ForeignKey("people.Subject", on_delete=models.PROTECT, related_name="scores")
    competency_stable_id = models.UUIDField(null=True, help_text="empty for the composite and clusters")
    framework = models.ForeignKey("records.Release", on_delete=models.PROTECT, related_name="scores")
    code = models.CharField(max_length=60, help_text="C1…C8, cluster:<code>, composite")
    source = models.CharField(max_length=12, help_text="HT, E1…, combined")
    value = models.FloatField(null=True)
    se = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0, help_text="observations behind it")
    reliability = models.FloatField(null=True)
    flags = models.JSONField(default=list)
    parts = models.JSONField(default=dict, help_text="weights, y, M, U, raw means, conflict")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "subject", "code", "source"], name="score_once_a_run"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(se__isnull=False), name="score_has_an_error"
            ),
        ]
        indexes = [models.Index(fields=["subject", "run"])]

    def __str__(self) -> str:
        return str(self.pk)
