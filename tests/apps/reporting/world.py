"""A role evaluated for a handful (or thousands) of people: rows as the evaluation writes them, without computing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.delivery.models import Campaign, Consent, FreeText, Participation
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.observation.models import Appointment, Note, Rating
from kamerton.apps.people.models import Employment, Person, PersonIdentity, Position, Subject, Unit
from kamerton.apps.people.rules import search_key, sort_key
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Part, Project, Release
from kamerton.apps.records.planner import note_growth
from kamerton.apps.records.queries import document_of, latest_release, parts_by_code
from kamerton.apps.results.models import Score, ScoreRun
from kamerton.flows.install_pack import install_pack
from tests.cast import NOW, Cast, make_cast

PACK = Path(__file__).resolve().parents[3] / "content" / "kam-precious-metals"
ROLE = "R3"
NAMES = (
    ("Абрамян", "Тигран", "Гагикович", "Abramyan", "Tigran"),
    ("Аверина", "Ксения", "Сергеевна", "Averina", "Kseniya"),
    ("Гусев", "Пётр", "Андреевич", "Gusev", "Pyotr"),
    ("Воронцова", "Мария", "Андреевна", "Vorontsova", "Maria"),
    ("Ким", "Дмитрий", "Сергеевич", "Kim", "Dmitry"),
    ("Белова", "Елена", "Кирилловна", "Belova", "Elena"),
    ("Шарипов", "Рустам", "Ильдарович", "Sharipov", "Rustam"),
    ("Нурланов", "Бауржан", "Асанович", "Nurlanov", "Baurzhan"),
    ("Ефимова", "Татьяна", "Павловна", "Efimova", "Tatyana"),
    (
        "Преображенская-Воскресенская",
        "Александра",
        "Константиновна",
        "Preobrazhenskaya-Voskresenskaya",
        "Aleksandra",
    ),
    ("Орлов", "Виктор", "Максимович", "Orlov", "Viktor"),
    ("Семёнова", "Дарья", "Валерьевна", "Semyonova", "Darya"),
)
INSTRUMENTS = {
    "C1": {"HT": 2, "E1": 1, "E3": 2, "SI": 1}, "C2": {"HT": 1, "E1": 2, "E3": 1, "SI": 2},
    "C3": {"HT": 2, "E1": 2, "E4": 1, "SI": 1}, "C4": {"HT": 1, "E2": 1, "E3": 2, "SI": 2},
    "C5": {"HT": 1, "E2": 2, "E3": 1, "SI": 1}, "C6": {"HT": 2, "E1": 2, "E2": 1, "E4": 1},
    "C7": {"HT": 1, "E3": 1, "E4": 2}, "C8": {"HT": 2, "E1": 1, "E2": 1, "E4": 2},
}  # fmt: skip


@dataclass(frozen=True)
class World:
    cast: Cast
    project: Project
    run: ScoreRun
    people: list[Person]
    fits: list[FitResult]
    campaigns: dict[str, Campaign]
    framework: Release

    def fit_of(self, family: str) -> FitResult:
        return next(
            f
            for f, p in zip(self.fits, self.people, strict=True)
            if p.search_key.startswith(search_key(family))
        )


def make_world(
    *, slug: str = "acme", kind: str = "company", size: int = len(NAMES), rich: bool = True
) -> World:
    """`rich`: with ratings, notes and instruments' scores; without, combined scores only (for thousands)."""
    cast = make_cast(slug, kind)
    project = cast.project
    install_pack(actor=OPERATOR, project=project, root=PACK, at=NOW)
    framework = latest_release(project.id, "framework", "kam")
    assert framework is not None
    campaigns = {lane: _campaign(project, lane) for lane in ("internal", "external")}
    people, participations = _people(project, campaigns, size)
    run = add_run(project, people, number=1)
    fits = add_results(run, people, participations, framework, rich=rich, cast=cast)
    note_growth(size)  # as the flows do that write much
    return World(cast, project, run, people, fits, campaigns, framework)


def _campaign(project: Project, lane: str, purpose: str = "selection") -> Campaign:
    procedure = next(
        release
        for release in Release.objects.filter(identity__project=project, identity__kind="procedure")
        if document_of(release, ProcedureDocument).lane == lane
    )
    return Campaign.objects.create(
        project=project, procedure=procedure, slug=f"{lane}-{purpose}",
        name={"ru": {"internal": "Внутренний отбор", "external": "Внешний отбор"}[lane], "en": f"{lane.title()} selection"},
        purpose=purpose, opens_at=NOW - timedelta(days=20), closes_at=NOW - timedelta(days=2), created_at=NOW - timedelta(days=30),
    )  # fmt: skip


def _people(
    project: Project, campaigns: dict[str, Campaign], size: int
) -> tuple[list[Person], list[Participation]]:
    units = [
        Unit.objects.create(project=project, code=code, name={"ru": ru, "en": en})
        for code, ru, en in (("glass", "Стекловолокно", "Glass fibre"), ("chemistry", "Химия", "Chemistry"))
    ]
    positions = [
        Position.objects.create(
            project=project, unit=unit, title={"ru": "менеджер по продажам", "en": "sales manager"}
        )
        for unit in units
    ]
    people: list[Person] = []
    identities: list[PersonIdentity] = []
    jobs: list[Employment] = []
    participations: list[Participation] = []
    for i in range(size):
        family, given, middle, family_en, given_en = NAMES[i % len(NAMES)]
        if i >= len(NAMES):
            family, family_en = f"{family}-{i}", f"{family_en}-{i}"
        person = Person(
            project=project, is_outside=i % 4 == 1, created_at=NOW,
            search_key=search_key(family, given, middle, family_en, given_en), sort_key=sort_key(family, given, middle),
        )  # fmt: skip
        people.append(person)
        identities.append(
            PersonIdentity(
                person=person,
                family_name={"ru": family, "en": family_en},
                given_name={"ru": given, "en": given_en},
                middle_name={"ru": middle},
            )
        )
        if not person.is_outside:
            jobs.append(Employment(person=person, position=positions[i % 2]))
        lane = "external" if person.is_outside else "internal"
        participations.append(Participation(campaign=campaigns[lane], person=person, added_at=NOW))
    Person.objects.bulk_create(people)
    PersonIdentity.objects.bulk_create(identities)
    Employment.objects.bulk_create(jobs)
    Participation.objects.bulk_create(participations)
    Subject.objects.bulk_create(Subject(project=project, person=person) for person in people)
    Consent.objects.bulk_create(
        Consent(
            participation=p, purpose="selection", procedure_id=p.campaign.procedure_id, text_digest="0" * 64,
            language="ru", given_at=NOW,
        )
        for p in participations
    )  # fmt: skip
    return people, participations


def add_run(
    project: Project, people: list[Person], number: int, assessors: list[Person] | None = None
) -> ScoreRun:
    raters = assessors or list(Person.objects.filter(project=project, search_key__startswith="ролев")[:3])
    severities = [(0.62, 0.08, 1.02), (-0.04, 0.07, 0.97), (0.05, 0.08, 0.55)]
    return ScoreRun.objects.create(
        project=project, number=number, campaign_group=f"role:{ROLE}", inputs_digest="a" * 64,
        inputs={"procedures": [], "persons": len(people), "ratings": 180, "answers": 552, "exclusions": []},
        algorithms={"fit": "fit.joint/1", "facets": "facets.centre/1", "combination": "combination.stated/1"},
        frozen={
            "calibration": {
                "severities": [
                    {"assessor": str(r.id), "severity": s, "se": se, "spread_ratio": ratio, "n": 60,
                     "flags": ["lenient"] if s > 0.3 else ["central"] if ratio < 0.8 else []}
                    for r, (s, se, ratio) in zip(raters, severities, strict=False)
                ],
                "zero": "median", "connected": True, "severity_removed": True, "components": {},
            },
            "prior": {"mu": [3.0] * 8, "source": "estimated", "n": 34},
            "seats": {
                "needed": 9, "share_developing": 0.5, "interval": 0.8,
                "ready": {"expected": 3.7, "low": 2, "high": 5}, "developing": {"expected": 2.2, "low": 1, "high": 4},
                "hire": {"expected": 4.3, "low": 3, "high": 6},
            },
            "draws": 2000, "assumed_errors": False,
        },
        outputs_digest=f"{number:x}" + "b" * 63, code_version="0.1.0", libraries={}, seed=20261121, actor_id="operator", actor_name="operator",
        at=NOW + timedelta(minutes=number),
    )  # fmt: skip


CATEGORY_OF = (
    "ready",
    "probably_ready",
    "open",
    "developing",
    "not_a",
    "other_role",
    "not_now",
    "insufficient",
)


def add_results(
    run: ScoreRun,
    people: list[Person],
    participations: list[Participation],
    framework: Release,
    *,
    rich: bool,
    cast: Cast,
) -> list[FitResult]:
    competencies = parts_by_code(framework, "competency")
    profile = parts_by_code(framework, "profile")[ROLE]
    document = document_of(framework, FrameworkDocument)
    targets = {t.competency: t for p in document.profiles if p.role == ROLE for t in p.targets}
    codes = list(targets)
    cuts = {code: targets[code].minimum - 0.5 for code in codes}
    rng = np.random.default_rng(7)
    base = np.linspace(4.2, 2.1, len(people))
    subjects = {s.person_id: s for s in Subject.objects.filter(project_id=run.project_id)}
    by_person = {p.person_id: p for p in participations}
    fits: list[FitResult] = []
    scores: list[Score] = []
    for i, person in enumerate(people):
        category = CATEGORY_OF[min(len(CATEGORY_OF) - 1, i * len(CATEGORY_OF) // len(people))]
        y = np.clip(base[i] + rng.normal(0, 0.55, len(codes)), 1.05, 4.95).round(6)
        se = np.full(len(codes), 0.38)
        composite = float(sum(targets[c].weight * v for c, v in zip(codes, y, strict=True)))
        subject = subjects[person.id]
        fits.append(
            _fit(
                run, subject, by_person[person.id], profile, category, codes, y, se, cuts, targets, composite
            )
        )
        for k, code in enumerate(codes):
            gone = category == "insufficient" and code == "C8"
            scores.append(
                Score(
                    run=run,
                    subject=subject,
                    competency_stable_id=competencies[code].stable_id,
                    framework=framework,
                    code=code,
                    source="combined",
                    value=None if gone else float(y[k]),
                    se=None if gone else float(se[k]),
                    n=9,
                    reliability=None if gone else 0.66 if code == "C3" else 0.76,
                    flags=["not_measured"] if gone else ["one_rater"] if code == "C7" else [],
                    parts={} if gone or not rich else _combined_parts(code, float(y[k]), i),
                )
            )
        scores.append(_summary(run, subject, framework, "composite", composite, 0.23))
    if rich:
        scores += _instrument_scores(run, fits[3], framework, competencies, codes, cast)
    FitResult.objects.bulk_create(fits, batch_size=500)
    Score.objects.bulk_create(scores, batch_size=1000)
    return fits


def _summary(
    run: ScoreRun, subject: Subject, framework: Release, code: str, value: float, se: float
) -> Score:
    return Score(
        run=run,
        subject=subject,
        framework=framework,
        code=code,
        source="combined",
        value=value,
        se=se,
        n=8,
        reliability=0.84,
    )


def _combined_parts(code: str, y: float, place: int) -> dict[str, Any]:
    weights = INSTRUMENTS[code]
    total = sum(weights.values())
    return {
        "instruments": [
            {"code": name, "weight": w, "share": w / total, "y": round(y + 0.1 * (j - 1), 3), "se": 0.5, "n": 7 if name == "HT" else 2}
            for j, (name, w) in enumerate(weights.items())
        ],
        "conflict": {"q": 14.2, "df": 3, "p": 0.003, "flag": code == "C2" and place == 3},
        "stated_weight": total, "present_weight": total,
    }  # fmt: skip


def _fit(
    run: ScoreRun, subject: Subject, participation: Participation, profile: Part, category: str, codes: list[str],
    y: Any, se: Any, cuts: dict[str, float], targets: dict[str, Any], composite: float,
) -> FitResult:  # fmt: skip
    p_a = {"ready": 0.91, "probably_ready": 0.64, "open": 0.34, "insufficient": None}.get(category, 0.07)
    rest = (1 - (p_a or 0.0)) / 3
    v = np.diag(se**2) + 0.03 - 0.03 * np.eye(len(codes))
    return FitResult(
        run=run, subject=subject, participation=participation, profile=profile, procedure_id=participation.campaign.procedure_id,
        category=category, probability_a=p_a, composite=composite, composite_se=0.23,
        probabilities={
            "A": p_a, "B": rest + 0.05, "C": rest - 0.02, "D": rest - 0.03,
            "met": dict.fromkeys(codes, 0.5), "minimums": 0.5, "composite": 0.6,
        },
        other_roles=[{"role": "R6", "p": 0.72}, {"role": "R4", "p": 0.41}, {"role": "R2", "p": 0.02}],
        suggested_role="R6" if category == "other_role" else "", stability=0.58,
        reasons=[
            {"code": "p_a", "params": {"p": p_a or 0.0}},
            {"code": "gate_below", "params": {"competency": "C2", "p": 0.31, "cut": 2.5, "y": float(y[1])}},
            {"code": "settle", "params": {"competency": "C2", "instrument": "E1", "change": 0.2}},
        ],
        details={
            "y": {c: float(x) for c, x in zip(codes, y, strict=True)}, "se": {c: float(x) for c, x in zip(codes, se, strict=True)},
            "V": v.tolist(), "cuts": cuts, "minimums": {c: targets[c].minimum for c in codes},
            "targets": {c: targets[c].target for c in codes}, "weights": {c: targets[c].weight for c in codes},
            "composite_cut": 3.25, "thresholds": {"likely": 0.8, "even": 0.5, "open": 0.2},
            "settle": [{"competency": "C2", "instrument": "E1"}] if category == "open" else [],
            "category": {"ready": "A", "probably_ready": "A", "developing": "B", "other_role": "C"}.get(category, "D"),
            "distance": {"d2": 2.1, "shortfall": 0.8, "r": 0.4},
            "clusters": {
                "client_plan": {"value": float(np.mean(y[:3])), "se": 0.29}, "people": {"value": float(np.mean(y[3:5])), "se": 0.31},
                "deal_delivery": {"value": float(np.mean(y[5:])), "se": 0.3},
            },
        },
        digest="c" * 64,
    )  # fmt: skip


def _instrument_scores(
    run: ScoreRun,
    fit: FitResult,
    framework: Release,
    competencies: dict[str, Part],
    codes: list[str],
    cast: Cast,
) -> list[Score]:
    """One person (Воронцова) in full: exercises with ratings of two assessors, a quote, the test."""
    participation = fit.participation
    first, second = (
        Person.objects.get(id=uuid.UUID(row["assessor"]))
        for row in run.frozen["calibration"]["severities"][:2]
    )
    indicators = parts_by_code(framework, "indicator")
    scores: list[Score] = []
    for instrument in ("E1", "E2", "E3", "E4", "SI"):
        slug = {"SI": "kam-si"}.get(instrument, f"kam-{instrument.lower()}")
        exercise = latest_release(run.project_id, "exercise", slug)
        assert exercise is not None
        rated = parts_by_code(exercise, "rated")
        appointments = [
            Appointment.objects.create(
                participation=participation, exercise=exercise, instrument=instrument, assessor=person, at=NOW - timedelta(days=9),
                submitted_at=NOW - timedelta(days=9),
            )
            for person in (first, second)
        ]  # fmt: skip
        if instrument == "E1":
            add_quote(
                appointments[0],
                indicators.get("C2.1"),
                "Цель поставлю после разговора с клиентом, пока числа нет",
            )
        for code in codes:
            if instrument not in INSTRUMENTS[code]:
                continue
            ratings = []
            for appointment, severity in zip(appointments, (0.62, -0.04), strict=True):
                rating = Rating.objects.create(
                    appointment=appointment,
                    competency=rated.get(code) or competencies[code],
                    value=3,
                    at=NOW - timedelta(days=9),
                )
                ratings.append(
                    {
                        "rating": rating.id,
                        "assessor": str(appointment.assessor_id),
                        "raw": 3,
                        "severity": severity,
                    }
                )
            scores.append(
                Score(
                    run=run,
                    subject=fit.subject,
                    competency_stable_id=competencies[code].stable_id,
                    framework=framework,
                    code=code,
                    source=instrument,
                    value=2.71,
                    se=0.6,
                    n=2,
                    flags=[],
                    parts={
                        "raw_mean": 3.0,
                        "correction": -0.29,
                        "ratings": ratings,
                        "M": 0.25,
                        "U": 0.3,
                        "fair_average": 2.8,
                    },
                )
            )
    for code in codes:
        scores.append(
            Score(
                run=run,
                subject=fit.subject,
                competency_stable_id=competencies[code].stable_id,
                framework=framework,
                code=code,
                source="HT",
                value=3.2,
                se=0.7,
                n=4,
                flags=[],
                parts={"points": 2.5, "maximum": 4, "knots": [0.5, 1.4, 2.6, 3.4], "items": ["T01", "T02"]},
            )
        )
    return scores


def add_quote(appointment: Appointment, indicator: Part | None, text: str) -> Note:
    return Note.objects.create(
        appointment=appointment, uuid=uuid.uuid4(), indicator=indicator, sign="-", second=702, at=NOW,
        text=FreeText.objects.create(project_id=appointment.participation.campaign.project_id, text=text, salt="s", digest="d"),
    )  # fmt: skip


def add_stray(world: World, *, purpose: str, family: str) -> Person:
    """A person with results whose data were given for another purpose: must be seen nowhere."""
    campaign = _campaign(world.project, "internal", purpose)
    person = Person.objects.create(
        project=world.project, created_at=NOW, search_key=search_key(family), sort_key=sort_key(family)
    )
    PersonIdentity.objects.create(
        person=person, family_name={"ru": family, "en": family}, given_name={"ru": "А"}
    )
    participation = Participation.objects.create(campaign=campaign, person=person, added_at=NOW)
    subject = Subject.objects.create(project=world.project, person=person)
    Consent.objects.create(
        participation=participation,
        purpose=purpose,
        procedure=campaign.procedure,
        text_digest="1" * 64,
        language="ru",
        given_at=NOW,
    )
    source = world.fits[0]
    FitResult.objects.create(
        run=world.run, subject=subject, participation=participation, profile=source.profile, procedure=campaign.procedure,
        category="ready", probability_a=0.9, composite=4.0, composite_se=0.2, probabilities=source.probabilities,
        reasons=[], details=source.details, digest="e" * 64,
    )  # fmt: skip
    return person
