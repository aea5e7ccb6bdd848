"""What writes to the tables of this room. Keyword-only, the actor first, the moment last."""

from .add_participant import ParticipantExists, add_participant
from .begin_session import LinkUnusable, SessionBegun, begin_session, note_link_seen
from .finish_sitting import (
    ItemsMissing,
    SittingFinished,
    TimeNotUp,
    finish_overdue_sittings,
    finish_sitting,
)
from .flag_item import flag_item
from .give_consent import (
    ConsentTextChanged,
    ConsentTextUnknown,
    ConsentWithdrawn,
    give_consent,
    withdraw_consent,
)
from .grant_time import grant_time
from .import_paper_sheets import PaperImported, PaperSheet, import_paper_sheets
from .invite import Invited, ParticipantWithdrawn, invite, revoke
from .note_event import note_address, note_event
from .open_campaign import CampaignExists, ProcedureRetired, open_campaign
from .open_written_part import NotOpenedYet, open_written_part
from .pause import pause_sitting, resume_sitting
from .record_answer import (
    AnswerRecorded,
    ConsentMissing,
    ItemElsewhere,
    SittingOver,
    UuidReused,
    record_answer,
)
from .record_paper_answers import PaperRecorded, record_paper_answers
from .set_accommodation import set_accommodation
from .start_sitting import (
    CampaignClosed,
    CampaignNotOpen,
    SittingStarted,
    start_sitting,
)
from .start_trial import start_trial
from .take_break import NoBreak, end_break, take_break
from .take_over import take_over

__all__ = [
    "AnswerRecorded",
    "CampaignClosed",
    "CampaignExists",
    "CampaignNotOpen",
    "ConsentMissing",
    "ConsentTextChanged",
    "ConsentTextUnknown",
    "ConsentWithdrawn",
    "Invited",
    "ItemElsewhere",
    "ItemsMissing",
    "LinkUnusable",
    "NoBreak",
    "NotOpenedYet",
    "PaperImported",
    "PaperRecorded",
    "PaperSheet",
    "ParticipantExists",
    "ParticipantWithdrawn",
    "ProcedureRetired",
    "SessionBegun",
    "SittingFinished",
    "SittingOver",
    "SittingStarted",
    "TimeNotUp",
    "UuidReused",
    "add_participant",
    "begin_session",
    "end_break",
    "finish_overdue_sittings",
    "finish_sitting",
    "flag_item",
    "give_consent",
    "grant_time",
    "import_paper_sheets",
    "invite",
    "note_link_seen",
    "note_address",
    "note_event",
    "open_campaign",
    "open_written_part",
    "pause_sitting",
    "record_answer",
    "record_paper_answers",
    "resume_sitting",
    "revoke",
    "set_accommodation",
    "start_sitting",
    "start_trial",
    "take_break",
    "take_over",
    "withdraw_consent",
]
