"""Reports that were issued: number, the document that went into the PDF, its digest."""

from __future__ import annotations

import uuid

from django.db import models


class ReportIssue(models.Model):
    """A report with a number that leads back to its evidence. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("records.Project", on_delete=models.PROTECT, related_name="reports")
    number = models.CharField(max_length=40)
    fit = models.ForeignKey("decisions.FitResult", on_delete=models.PROTECT, related_name="reports")
    decision = models.ForeignKey(
        "decisions.Decision", on_delete=models.PROTECT, null=True, related_name="reports"
    )
    audience = models.CharField(max_length=12, default="leader")
    language = models.CharField(max_length=8)
    document = models.JSONField()
    document_digest = models.CharField(max_length=64)
    pdf_digest = models.CharField(max_length=64)
    template_version = models.CharField(max_length=30)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="report_number_unique")]

    def __str__(self) -> str:
        return self.number
