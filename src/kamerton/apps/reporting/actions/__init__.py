"""What writes to the tables of this room."""

from .issue_report import AUDIENCES, IssuedReport, LanguageUnknown, issue_report
from .note_view import note_view
from .open_report import ReportFile, open_report

__all__ = [
    "AUDIENCES",
    "IssuedReport",
    "LanguageUnknown",
    "ReportFile",
    "issue_report",
    "note_view",
    "open_report",
]
