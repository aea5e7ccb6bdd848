"""The draft of a function: roles, processes and the RACI cells between them. Publishing freezes it."""

from __future__ import annotations

import uuid

from django.db import models


class Function(models.Model):
    """The draft; one for an identity. `version` counts edits, so that two people do not overwrite each other."""

    identity = models.OneToOneField(
        "records.Identity", on_delete=models.PROTECT, primary_key=True, related_name="function"
    )
    code = models.CharField(max_length=40)
    name = models.JSONField()
    purpose = models.JSONField()
    before = models.JSONField()
    after = models.JSONField()
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class FunctionRole(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="roles")
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=20)
    name = models.JSONField()
    short = models.JSONField()
    purpose = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "code"], name="function_role_code_unique")]

    def __str__(self) -> str:
        return f"{self.function_id}:{self.code}"


class Process(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="processes")
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=20)
    name = models.JSONField()
    purpose = models.JSONField()
    input = models.JSONField()
    output = models.JSONField()
    measure = models.JSONField()
    cadence = models.JSONField()
    steps = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "code"], name="process_code_unique")]

    def __str__(self) -> str:
        return f"{self.function_id}:{self.code}"


class RaciCell(models.Model):
    """A = answers for the result, R = does the work, C = is asked before, I = is told after."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    process = models.ForeignKey(Process, on_delete=models.CASCADE, related_name="cells")
    role = models.ForeignKey(FunctionRole, on_delete=models.CASCADE, related_name="cells")
    letters = models.CharField(max_length=5, choices=[(x, x) for x in ("A", "R", "A/R", "C", "I")])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "role"], name="raci_cell_unique"),
            models.CheckConstraint(
                condition=models.Q(letters__in=["A", "R", "A/R", "C", "I"]), name="raci_letters_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.process_id}/{self.role_id}"


class RoleAssignment(models.Model):
    """A position of the organisation carries a role of a function."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    position = models.ForeignKey("people.Position", on_delete=models.CASCADE, related_name="role_assignments")
    role_stable_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position", "role_stable_id"], name="role_assignment_once")
        ]

    def __str__(self) -> str:
        return f"{self.position_id}->{self.role_stable_id}"
