"""Every screen of the sample, by the role it is seen through: for screenshots, axe and the page property test."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Screen:
    """`role` is whom the switch "view as" is set to; empty means signed out."""

    name: str
    role: str
    path: str
    status: int = 200


def screens(slug: str = "norvetal") -> list[Screen]:
    """All screens of a built sample; ids come from the database."""
    import django

    django.setup()
    from kamerton.apps.decisions.models import FitResult
    from kamerton.apps.decisions.queries import current_run
    from kamerton.apps.observation.models import Appointment
    from kamerton.apps.people.queries import sample_persona
    from kamerton.apps.records.models import Project

    project = Project.objects.get(slug=slug)
    run = current_run(project.id, "R3")
    assert run is not None
    p = f"/p/{slug}"
    people: dict[str, str] = {}
    for fit in FitResult.objects.filter(run=run).select_related("subject").order_by("category", "-composite"):
        people.setdefault(fit.category, str(fit.subject.person_id))
    two = list(people.values())[:2]
    persona = sample_persona(project.id, "assessor")
    assert persona is not None
    mine = Appointment.objects.filter(assessor_id=persona.person_id, participation__campaign__project=project)
    role_play = mine.filter(instrument="E2").order_by("id").first() or mine.order_by("id").first()
    interview = mine.filter(instrument="SI").order_by("id").first()
    found = [
        Screen("sign-in", "", "/sign-in/"),
        Screen("not-found", "leader", f"{p}/nothing-here/", 404),
        Screen("refused", "assessor", f"{p}/roles/R3/", 403),
        Screen("project", "leader", f"{p}/"),
        Screen("roles", "leader", f"{p}/roles/"),
        Screen("role", "leader", f"{p}/roles/R3/"),
        Screen("role-candidates-empty", "leader", f"{p}/roles/R3/?q=zzzz"),
        Screen("compare", "leader", f"{p}/roles/R3/compare/?p={two[0]}&p={two[1]}"),
        Screen("search", "leader", f"{p}/search/?q=петр"),
        Screen("proof", "leader", f"{p}/proof/"),
        Screen("assessors", "psychometrician", f"{p}/assessors/"),
        Screen("function", "designer", f"{p}/function/?process=P5"),
        Screen("model", "designer", f"{p}/model/"),
        Screen("model-competency", "designer", f"{p}/model/C3/"),
        Screen("sources", "designer", f"{p}/sources/"),
        Screen("source", "designer", f"{p}/sources/at/I1/"),
        Screen("source-new", "designer", f"{p}/sources/new/"),
        Screen("source-import", "designer", f"{p}/sources/import/"),
        Screen("source-indicator", "leader", f"{p}/sources/indicator/C5.2/"),
        Screen("sort-new", "designer", f"{p}/sources/sort/"),
        Screen("model-compare", "designer", f"{p}/model/compare/"),
        Screen("instruments", "designer", f"{p}/instruments/"),
        Screen("instrument-form", "designer", f"{p}/instruments/kam-hybrid-short/"),
        Screen("instrument-exercise", "designer", f"{p}/instruments/kam-e2/"),
        Screen("matrix", "designer", f"{p}/matrix/"),
        Screen("procedures", "designer", f"{p}/procedures/"),
        Screen("procedure", "designer", f"{p}/procedures/kam-external/"),
        Screen("people", "office", f"{p}/people/"),
        Screen("people-import", "office", f"{p}/people/import/"),
        Screen("campaigns", "office", f"{p}/campaigns/"),
        Screen("campaign", "office", f"{p}/campaigns/internal-2026/"),
        Screen("campaign-live", "office", f"{p}/campaigns/internal-2026/live/"),
        Screen("campaign-schedule", "office", f"{p}/campaigns/internal-2026/schedule/"),
        Screen("jobs", "office", f"{p}/jobs/"),
        Screen("audit", "auditor", f"{p}/audit/"),
        Screen("assess-today", "assessor", f"{p}/assess/"),
        Screen("integration", "assessor", f"{p}/integration/"),
        Screen("texts", "assessor", f"{p}/assess/texts/"),
    ]
    found += [
        Screen(f"person-{category}", "leader", f"{p}/roles/R3/people/{pid}/")
        for category, pid in people.items()
    ]
    if role_play:
        found.append(Screen("assess-exercise", "assessor", f"{p}/assess/{role_play.id}/"))
        found.append(
            Screen("integration-person", "assessor", f"{p}/integration/{role_play.participation_id}/")
        )
    if interview:
        found.append(Screen("assess-interview", "assessor", f"{p}/assess/{interview.id}/"))
    return found


def load(text: str) -> list[Screen]:
    return [Screen(**row) for row in json.loads(text)]


if __name__ == "__main__":
    json.dump([asdict(screen) for screen in screens()], sys.stdout)
