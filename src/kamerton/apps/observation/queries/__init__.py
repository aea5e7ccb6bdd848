"""Reading appointments, sheets, the evidence of one person, ratings and text scores for scoring."""

from .appointments import PLAYER, AppointmentLine, appointments_in, appointments_of, own_appointment, state_of
from .evidence import (
    CompetencyEvidence,
    EvidenceCell,
    Integration,
    IntegrationLine,
    RaterCell,
    integration,
    integrations,
    may_integrate,
    observers_of,
    participation_in,
)
from .frames import (
    Frame,
    PinnedExercise,
    RatedFrame,
    exercises_of,
    frame_for,
    frame_of,
    framework_of,
    pinned_exercise,
)
from .scoring import RatingRow, ratings_for_scoring, text_scores
from .sheets import NoteLine, Sheet, SheetLine, current_ratings, other_sheets, sheet
from .texts import ENOUGH_TEXT_RATERS, TextTask, item_of, text_answer_in, text_queue

__all__ = [
    "AppointmentLine",
    "CompetencyEvidence",
    "ENOUGH_TEXT_RATERS",
    "EvidenceCell",
    "Frame",
    "Integration",
    "IntegrationLine",
    "NoteLine",
    "PLAYER",
    "PinnedExercise",
    "RatedFrame",
    "RaterCell",
    "RatingRow",
    "Sheet",
    "SheetLine",
    "TextTask",
    "appointments_in",
    "appointments_of",
    "current_ratings",
    "exercises_of",
    "frame_for",
    "frame_of",
    "framework_of",
    "integration",
    "integrations",
    "item_of",
    "may_integrate",
    "observers_of",
    "other_sheets",
    "own_appointment",
    "participation_in",
    "pinned_exercise",
    "ratings_for_scoring",
    "sheet",
    "state_of",
    "text_answer_in",
    "text_queue",
    "text_scores",
]
