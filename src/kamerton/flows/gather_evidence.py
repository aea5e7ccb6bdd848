"""Answers and ratings of a role's campaigns as the arrays that the chain takes, with who was left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from kamerton.apps.decisions.queries import campaigns_of_role
from kamerton.apps.delivery import queries as delivery
from kamerton.apps.delivery.models import Campaign, Consent, Participation, Sitting
from kamerton.apps.frameworks.documents import FrameworkDocument, RoleProfile
from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument
from kamerton.apps.instruments.rules import score_response
from kamerton.apps.observation import queries as observation
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Part, Project, Release
from kamerton.apps.records.queries import document_of, parts_by_code
from kamerton.measure.chain import ChainData, ChainSpec
from kamerton.measure.fit import RoleRule
from kamerton.values.canonical import digest_of

RUN_SEED = 20260101
"""The fixed set of draws of the rule version (SCORING A4.2): the same for everybody, always."""


class NothingToEvaluate(Refused):
    code = "nothing_to_evaluate"
    texts = {
        "ru": "Рассчитывать пока нечего: нет кампании отбора для роли {role} с ответами или оценками. "
        "Откройте кампанию, пригласите людей.",
        "en": "There is nothing to evaluate yet: no selection campaign for the role {role} has answers or ratings. "
        "Open a campaign and invite people.",
    }


class ProceduresDiffer(Refused):
    code = "procedures_differ"
    texts = {
        "ru": "Кампании роли {role} идут по процедурам с разными правилами ({what}). Вместе их людей оценить нельзя: "
        "правила для всех одни. Закройте одну из кампаний или выпустите редакции с одинаковыми правилами.",
        "en": "The campaigns of role {role} follow procedures with different rules ({what}). Their people cannot be "
        "evaluated together: the rules are the same for all. Close one of the campaigns or publish matching releases.",
    }


@dataclass(frozen=True, slots=True)
class ItemVerdictRow:
    """What one item of one sitting earned, before it is stored."""

    sitting: Sitting
    answer_id: int | None
    part: Part
    value: float | None
    maximum: float
    reason: str
    markers: int
    """How many people scored a written answer; 0 where nobody had to."""


@dataclass(frozen=True)
class Evidence:
    """Everything one evaluation rests on."""

    project: Project
    role: str
    campaigns: tuple[Campaign, ...]
    procedure_release: Release
    procedures: tuple[Release, ...]
    procedure: ProcedureDocument
    framework_release: Release
    framework: FrameworkDocument
    form_release: Release | None
    form: FormDocument | None
    exercises: dict[str, tuple[Release, ExerciseDocument]]
    participations: tuple[Participation, ...]
    spec: ChainSpec
    data: ChainData
    item_rows: tuple[ItemVerdictRow, ...]
    rating_rows: tuple[observation.RatingRow, ...]
    exclusions: tuple[dict[str, str], ...]
    answers: int
    digest: str


def profiles_by_role(framework: FrameworkDocument) -> dict[str, RoleProfile]:
    return {profile.role: profile for profile in framework.profiles}


def role_rule(profile: RoleProfile, framework: FrameworkDocument, procedure: ProcedureDocument) -> RoleRule:
    """The profile as cuts (minimum k means a cut at k − 0.5), targets, weights; thresholds from the procedure."""
    targets = {target.competency: target for target in profile.targets}
    rule = procedure.fit_rule
    order = [targets[competency.code] for competency in framework.competencies]
    return RoleRule(
        cuts=np.array([target.minimum - 0.5 for target in order]),
        targets=np.array([target.target for target in order]),
        weights=np.array([target.weight for target in order]),
        composite_cut=profile.composite_cut,
        trainable=np.array([competency.trainable for competency in framework.competencies]),
        margin_b=rule.development_margin,
        gaps_b=rule.max_gaps,
        gap_b=rule.max_gap,
        ready=rule.likely,
        probable=rule.even,
        open_=rule.open,
        role_p=rule.other_role_min,
        role_margin=rule.other_role_lead,
    )


def chain_spec(
    procedure: ProcedureDocument, framework: FrameworkDocument, form: FormDocument | None
) -> ChainSpec:
    """The stated design as the measurement library takes it."""
    codes = [competency.code for competency in framework.competencies]
    instruments = [instrument.code for instrument in procedure.instruments]
    weights = np.zeros((len(codes), len(instruments)))
    for cell in procedure.matrix:
        weights[codes.index(cell.competency), instruments.index(cell.instrument)] = cell.weight
    test = next((instrument.code for instrument in procedure.instruments if instrument.kind == "form"), None)
    items = form.items if form else []
    knots = np.full((len(codes), 4), np.nan)
    cut = next((record for record in procedure.cuts if record.instrument == test), None)
    if cut is not None:
        judged = {judgement.item: judgement.means for judgement in cut.items}
        for index, code in enumerate(codes):
            mine = [judged[item.code] for item in items if item.competency == code and item.code in judged]
            if mine:
                knots[index] = np.sum(np.array(mine), axis=0)
    clusters = {c.code: tuple(codes.index(member) for member in c.competencies) for c in framework.clusters}
    return ChainSpec(
        competencies=tuple(codes),
        instruments=tuple(instruments),
        weights=weights,
        is_simulation=np.array([instrument.is_simulation for instrument in procedure.instruments]),
        item_block=np.array([codes.index(item.competency) for item in items], dtype=int),
        item_max=np.array([float(item.points) for item in items]),
        item_partial=np.array([item.points > 1 for item in items], dtype=bool),
        item_text=np.array([item.type == "short_text" for item in items], dtype=bool),
        knots=knots,
        rules={profile.role: role_rule(profile, framework, procedure) for profile in framework.profiles},
        role=procedure.fit_rule.role,
        test_instrument=test if items else None,
        knot_sd=cut.knot_sd if cut else None,
        judges=cut.judges if cut else 0,
        clusters=clusters,
        seed=RUN_SEED,
        draws=procedure.fit_rule.draws,
    )


def _pinned(procedure: ProcedureDocument, code: str) -> Release:
    return Release.objects.select_related("identity").get(id=procedure.pins[code])


def _one_rule(
    project: Project, role: str, campaigns: Sequence[Campaign]
) -> tuple[Release, ProcedureDocument]:
    first = campaigns[0].procedure
    stated = document_of(first, ProcedureDocument)
    for campaign in campaigns[1:]:
        other = document_of(campaign.procedure, ProcedureDocument)
        same = {"matrix": "matrix", "fit_rule": "fit rule", "cuts": "cuts", "pins": "releases"}
        for name, word in same.items():
            if getattr(stated, name) != getattr(other, name):
                raise ProceduresDiffer(role=role, what=word)
    return first, stated


def gather_evidence(*, project: Project, role: str, at: datetime) -> Evidence:
    """Collect what counts now. People without consent in force, with a running sitting or with nothing are excluded by name."""
    campaigns = sorted(
        (c for c in campaigns_of_role(project.id, role) if c.slug != delivery.TRIAL_SLUG),
        key=lambda c: c.slug,
    )
    if not campaigns:
        raise NothingToEvaluate(role=role)
    release, procedure = _one_rule(project, role, campaigns)
    framework_release = _pinned(procedure, "framework")
    framework = document_of(framework_release, FrameworkDocument)
    form_release: Release | None = None
    form: FormDocument | None = None
    exercises: dict[str, tuple[Release, ExerciseDocument]] = {}
    for instrument in procedure.instruments:
        pinned = _pinned(procedure, instrument.code)
        if instrument.kind == "form":
            form_release, form = pinned, document_of(pinned, FormDocument)
        else:
            exercises[instrument.code] = (pinned, document_of(pinned, ExerciseDocument))
    spec = chain_spec(procedure, framework, form)

    exclusions: list[dict[str, str]] = []
    willing = set(
        Consent.objects.filter(
            participation__campaign__in=campaigns, purpose="selection", withdrawal__isnull=True
        ).values_list("participation_id", flat=True)
    )
    everybody = list(
        Participation.objects.filter(campaign__in=campaigns)
        .select_related("person", "campaign")
        .order_by("person_id", "-occasion", "-added_at", "id")
    )
    chosen: dict[UUID, Participation] = {}
    for participation in everybody:
        if participation.withdrawn_at is not None:
            exclusions.append({"what": str(participation.id), "reason": "withdrawn"})
        elif participation.id not in willing:
            exclusions.append({"what": str(participation.id), "reason": "no_consent"})
        elif participation.person_id in chosen:
            exclusions.append({"what": str(participation.id), "reason": "older_occasion"})
        else:
            chosen[participation.person_id] = participation
    by_id = {participation.id: participation for participation in chosen.values()}

    item_rows, scores, markers, answers = _score_sittings(
        campaigns, by_id, form_release, form, exclusions, at
    )
    ratings = [row for row in observation.ratings_for_scoring(list(by_id)) if _in_matrix(row, spec)]
    with_data = {row.participation_id for row in ratings} | set(scores)
    for participation_id in by_id:
        if participation_id not in with_data:
            exclusions.append({"what": str(participation_id), "reason": "no_data"})
    people = sorted((by_id[i] for i in with_data), key=lambda p: str(p.person_id))
    if not people:
        raise NothingToEvaluate(role=role)

    index = {participation.id: position for position, participation in enumerate(people)}
    raters = sorted({str(row.assessor_id) for row in ratings})
    rater_index = {rater: position for position, rater in enumerate(raters)}
    n_items = len(form.items) if form else 0
    matrix = np.full((len(people), n_items), np.nan)
    marked = np.full((len(people), n_items), np.nan)
    for participation_id, row in scores.items():
        matrix[index[participation_id]] = row
        marked[index[participation_id]] = markers[participation_id]
    data = ChainData(
        persons=tuple(str(participation.person_id) for participation in people),
        item_scores=matrix,
        person=np.array([index[row.participation_id] for row in ratings], dtype=int),
        exercise=np.array([spec.instruments.index(row.instrument) for row in ratings], dtype=int),
        competency=np.array([spec.competencies.index(row.competency_code) for row in ratings], dtype=int),
        rater=np.array([rater_index[str(row.assessor_id)] for row in ratings], dtype=int),
        rating=np.array([np.nan if row.value is None else float(row.value) for row in ratings]),
        raters=tuple(raters),
        text_raters=marked if n_items else None,
    )
    evidence_digest = digest_of(
        {
            "procedures": sorted({campaign.procedure.digest for campaign in campaigns}),
            "items": [
                [str(r.sitting.id), r.part.code, r.answer_id, r.value, r.reason, r.markers] for r in item_rows
            ],
            "ratings": [
                [r.rating_id, str(r.person_id), r.instrument, r.competency_code, str(r.assessor_id), r.value]
                for r in ratings
            ],
        }
    )
    return Evidence(
        project=project,
        role=role,
        campaigns=tuple(campaigns),
        procedure_release=release,
        procedures=tuple({c.procedure_id: c.procedure for c in campaigns}.values()),
        procedure=procedure,
        framework_release=framework_release,
        framework=framework,
        form_release=form_release,
        form=form,
        exercises=exercises,
        participations=tuple(people),
        spec=spec,
        data=data,
        item_rows=tuple(item_rows),
        rating_rows=tuple(ratings),
        exclusions=tuple(exclusions),
        answers=answers,
        digest=evidence_digest,
    )


def _in_matrix(row: observation.RatingRow, spec: ChainSpec) -> bool:
    """A sheet may carry a competency that the matrix does not count; it stays on record and out of the score."""
    if row.instrument not in spec.instruments or row.competency_code not in spec.competencies:
        return False
    cell = spec.weights[spec.competencies.index(row.competency_code), spec.instruments.index(row.instrument)]
    return bool(cell > 0)


def _score_sittings(
    campaigns: Sequence[Campaign],
    by_id: dict[UUID, Participation],
    form_release: Release | None,
    form: FormDocument | None,
    exclusions: list[dict[str, str]],
    at: datetime,
) -> tuple[list[ItemVerdictRow], dict[UUID, np.ndarray], dict[UUID, np.ndarray], int]:
    """Item scores of every closed sitting: omitted and not reached are 0 with the reason; unscored texts are missing."""
    rows: list[ItemVerdictRow] = []
    scores: dict[UUID, np.ndarray] = {}
    markers: dict[UUID, np.ndarray] = {}
    answers = 0
    if form is None or form_release is None:
        return rows, scores, markers, answers
    parts = parts_by_code(form_release, "item")
    found = [
        s
        for s in delivery.answers_for_scoring([c.id for c in campaigns])
        if s.participation_id in by_id and s.sitting.form_id == form_release.id
    ]
    texts = observation.text_scores(
        [v.answer_id for s in found for v in s.items.values() if v is not None and v.text_id is not None]
    )
    for sitting in found:
        if sitting.sitting.finished_at is None and at <= delivery.clock_of(sitting.sitting).deadline(at):
            exclusions.append({"what": str(sitting.participation_id), "reason": "sitting_running"})
            continue
        not_reached = set(sitting.missing.not_reached)
        row = np.full(len(form.items), np.nan)
        marks = np.full(len(form.items), np.nan)
        for position, item in enumerate(form.items):
            value = sitting.items.get(item.code)
            reason = ""
            given_by = 0
            score: float | None
            if value is None or not value.is_answered:
                score, reason = 0.0, "not_reached" if item.code in not_reached else "omitted"
                # Nothing was written, so nobody judged and no judge erred.
                marks[position] = np.inf
            elif item.type == "short_text":
                given = texts.get(value.answer_id, [])
                score = float(np.mean(given)) if given else None
                reason = "" if given else "awaits_rater"
                given_by = len(given)
                marks[position] = given_by or np.nan
                answers += 1
            elif value.response is None:
                score, reason = None, "erased"
            else:
                verdict = score_response(item, value.response)
                score, reason = verdict.score, verdict.reason or ""
                answers += 1
            if score is not None:
                row[position] = score
            rows.append(
                ItemVerdictRow(
                    sitting.sitting,
                    value.answer_id if value else None,
                    parts[item.code],
                    score,
                    float(item.points),
                    reason,
                    given_by,
                )
            )
        scores[sitting.participation_id] = row
        markers[sitting.participation_id] = marks
    return rows, scores, markers, answers
