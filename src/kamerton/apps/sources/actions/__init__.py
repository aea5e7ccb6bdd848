"""What writes to the tables of this room."""

from .record_source import (
    PersonalData,
    SourceExists,
    SourcesRecorded,
    add_incident,
    link_indicators,
    record_sources,
    remove_source,
)
from .sort_cards import (
    CardsMissing,
    RoundClosed,
    RoundOpened,
    close_round,
    finish_sorting,
    open_round,
    place_card,
)

__all__ = [
    "CardsMissing",
    "PersonalData",
    "RoundClosed",
    "RoundOpened",
    "SourceExists",
    "SourcesRecorded",
    "add_incident",
    "close_round",
    "finish_sorting",
    "link_indicators",
    "open_round",
    "place_card",
    "record_sources",
    "remove_source",
]
