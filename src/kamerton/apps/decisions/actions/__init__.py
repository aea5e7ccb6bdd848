"""What writes to the tables of this room."""

from .record_decision import (
    AgainstProposalNeedsReason,
    ConcernsYourself,
    NewerRunExists,
    NotForSelection,
    record_decision,
)
from .set_seat_plan import set_seat_plan

__all__ = [
    "AgainstProposalNeedsReason",
    "ConcernsYourself",
    "NewerRunExists",
    "NotForSelection",
    "record_decision",
    "set_seat_plan",
]
