"""What writes to the tables of this room."""

from .record_score_run import RunData, library_versions, record_score_run

__all__ = ["RunData", "library_versions", "record_score_run"]
