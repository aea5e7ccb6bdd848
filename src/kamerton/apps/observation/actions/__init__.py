"""What writes to the tables of this room."""

from .agree_at_integration import SheetsMissing, agree_at_integration, open_integration
from .appoint_assessor import (
    AlreadyAppointed,
    ConflictOfInterest,
    NotInProcedure,
    OtherProject,
    ParticipationWithdrawn,
    appoint_assessor,
    appoint_assessors,
)
from .load_ratings import LoadedNote, LoadedRating, LoadedSheet, SheetRefused, SheetsLoaded, load_ratings
from .own_sheet import PlayerDoesNotRate, SheetSubmitted
from .rate_answer import rate_answer
from .rate_competency import rate_competency
from .rate_text import AlreadyScored, RaterUnknown, TextScore, load_text_scores, rate_text
from .record_note import record_note
from .record_training import record_training
from .reopen_sheet import AlreadyAgreed, SheetOpen, reopen_sheet
from .start_exercise import start_exercise
from .submit_ratings import NotStarted, RatingsSubmitted, SheetIncomplete, submit_ratings

__all__ = [
    "AlreadyAgreed",
    "AlreadyAppointed",
    "AlreadyScored",
    "ConflictOfInterest",
    "LoadedNote",
    "LoadedRating",
    "LoadedSheet",
    "NotInProcedure",
    "NotStarted",
    "OtherProject",
    "ParticipationWithdrawn",
    "PlayerDoesNotRate",
    "RaterUnknown",
    "RatingsSubmitted",
    "SheetIncomplete",
    "SheetOpen",
    "SheetRefused",
    "SheetSubmitted",
    "SheetsLoaded",
    "SheetsMissing",
    "TextScore",
    "agree_at_integration",
    "appoint_assessor",
    "appoint_assessors",
    "load_ratings",
    "load_text_scores",
    "open_integration",
    "rate_answer",
    "rate_competency",
    "rate_text",
    "record_note",
    "record_training",
    "reopen_sheet",
    "start_exercise",
    "submit_ratings",
]
