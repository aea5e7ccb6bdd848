"""Reading released procedures, the matrix with its checks, and where a competency is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.instruments.queries import Instrument, instruments_in_force
from kamerton.apps.procedures import rules
from kamerton.apps.procedures.documents import ProcedureDocument, ProcedureInstrument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, latest_release, releases_in_force


@dataclass(frozen=True, slots=True)
class InstrumentOfProcedure:
    """A column of the matrix, with what has been released for it (None: nothing yet)."""

    column: ProcedureInstrument
    instrument: Instrument | None


@dataclass(frozen=True, slots=True)
class ProcedureView:
    slug: str
    release: Release
    document: ProcedureDocument
    framework: FrameworkDocument | None
    framework_release: Release | None
    instruments: tuple[InstrumentOfProcedure, ...]
    checks: tuple[rules.Check, ...]

    @property
    def weights(self) -> dict[str, dict[str, int]]:
        """Competency → instrument → 2 (main) or 1 (second)."""
        table: dict[str, dict[str, int]] = {}
        for cell in self.document.matrix:
            table.setdefault(cell.competency, {})[cell.instrument] = cell.weight
        return table


def _view(release: Release, released: dict[str, Instrument]) -> ProcedureView:
    document = document_of(release, ProcedureDocument)
    framework_release = latest_release(release.identity.project_id, "framework", document.framework)
    framework = document_of(framework_release, FrameworkDocument) if framework_release else None
    columns = tuple(
        InstrumentOfProcedure(column, released.get(column.slug)) for column in document.instruments
    )
    checks = rules.procedure_checks(
        document,
        [c.code for c in framework.competencies] if framework else [],
        incomplete=[
            c.column.code
            for c in columns
            if c.instrument and c.instrument.exercise and not c.instrument.exercise.is_complete
        ],
        missing=[c.column.code for c in columns if c.instrument is None],
    )
    return ProcedureView(
        release.identity.slug, release, document, framework, framework_release, columns, tuple(checks)
    )


def procedures_in_force(project_id: UUID) -> list[ProcedureView]:
    """The newest release of each procedure, external lanes first."""
    released = {instrument.slug: instrument for instrument in instruments_in_force(project_id)}
    views = [_view(release, released) for release in releases_in_force(project_id, "procedure")]
    return sorted(views, key=lambda view: (view.document.lane != "external", view.slug))


def procedure_by_slug(project_id: UUID, slug: str) -> ProcedureView:
    release = latest_release(project_id, "procedure", slug)
    if release is None:
        raise NotFound(what=slug)
    return _view(release, {instrument.slug: instrument for instrument in instruments_in_force(project_id)})


@dataclass(frozen=True, slots=True)
class Use:
    """An instrument that gives evidence of a competency: by how many items, or by one rating scale."""

    instrument: Instrument
    items: int


def uses_of_competency(project_id: UUID, framework: str, code: str) -> list[Use]:
    """Where a competency of the framework is used; the page says what a change of it touches."""
    return _uses(instruments_in_force(project_id), framework, code)


def _uses(instruments: Iterable[Instrument], framework: str, code: str) -> list[Use]:
    uses: list[Use] = []
    for instrument in instruments:
        if instrument.document.framework != framework or code not in instrument.competencies:
            continue
        items = sum(item.competency == code for item in instrument.form.items) if instrument.form else 0
        uses.append(Use(instrument, items))
    return uses
