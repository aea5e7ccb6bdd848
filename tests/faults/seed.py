"""Many people in one campaign of the small form with every type of item; prints their links."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import django


def main(count: int) -> None:
    from django.utils import timezone

    from kamerton.apps.delivery.actions import add_participant
    from kamerton.apps.people.actions import PersonData, save_person
    from kamerton.apps.records.actions import create_project
    from kamerton.apps.records.actors import OPERATOR
    from tests.fixtures import delivery

    now = timezone.now()
    project = create_project(actor=OPERATOR, slug="faults", name={"ru": "Сбои", "en": "Faults"}, at=now)
    world = delivery.make_world(project, at=now, document=replace(delivery.FORM, time_limit_minutes=600))
    links = []
    for n in range(count):
        data = PersonData(family_name={"ru": "Сбоев"}, given_name={"ru": "Пётр"}, employee_number=f"F{n}")
        person = save_person(actor=OPERATOR, project=project, data=data, at=now).person
        added = add_participant(actor=OPERATOR, campaign=world.campaign, person=person, at=now)
        links.append(delivery.new_link(replace(world, person=person, participation=added), now))
    print(json.dumps(links))  # noqa: T201


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
