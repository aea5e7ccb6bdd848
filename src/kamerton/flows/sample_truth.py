"""What is true of the simulated people of a sample, beside what the assessment says."""

from __future__ import annotations

from typing import Any

from kamerton.apps.people.models import Person
from kamerton.apps.records.models import Project
from kamerton.flows.sample import pack_root
from kamerton.flows.sample_world import sample_files, truth


def truth_of(project: Project) -> dict[str, dict[str, Any]]:
    """Person id → {"levels": {competency: level}, "category": letter}; empty for a real company."""
    if project.kind != Project.Kind.SAMPLE:
        return {}
    files = sample_files(pack_root())
    if project.slug != files.sample["project"]["slug"]:
        return {}
    known = truth(files, int(files.sample["seed"]))
    rows = Person.objects.filter(project=project, identity__email__in=list(known.category)).values_list(
        "id", "identity__email"
    )
    return {
        str(pid): {"levels": known.levels[email], "category": known.category[email]} for pid, email in rows
    }
