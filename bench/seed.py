"""32 candidates in the middle of the test, made through the actions; prints their cookies and sittings as JSON."""

from __future__ import annotations

import json
import sys

import django


def main(count: int) -> None:
    django.setup()
    from django.utils import timezone

    from kamerton.apps.delivery import rules
    from kamerton.apps.delivery.actions import give_consent, start_sitting, start_trial
    from kamerton.apps.delivery.models import Participation
    from kamerton.apps.delivery.queries import consent_texts, forms_of
    from kamerton.apps.instruments.rules import clean_response
    from kamerton.apps.records.actors import Actor
    from kamerton.apps.records.models import Project

    project = Project.objects.get(slug="norvetal")
    rows = []
    for _ in range(count):
        now = timezone.now()
        begun = start_trial(project=project, at=now)
        participation = Participation.objects.filter(campaign__slug="try", campaign__project=project).latest(
            "added_at"
        )
        actor = Actor(
            "candidate", str(participation.id), "candidate", project.id, frozenset(), participation.person_id
        )
        text = next(
            t for t in consent_texts(participation.campaign) if t.purpose == participation.campaign.purpose
        )
        give_consent(
            actor=actor, participation=participation, purpose=text.purpose,
            text_digest=rules.consent_digest(text), language="ru", at=now,
        )  # fmt: skip
        form = forms_of(participation.campaign)[0]
        sitting = start_sitting(
            actor=actor, participation=participation, form=form.release, language="ru", at=now
        ).sitting
        items = [
            {"n": number, "choices": [option.code for option in item.options]}
            for number, item in enumerate(form.document.items, start=1)
            if item.type == "single" and clean_response(item, {"choice": item.options[0].code})
        ]
        rows.append({"secret": begun.secret, "sitting": str(sitting.id), "items": items})
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
