"""What writes to the tables of this room."""

from .edit_function import CellEdit, EditConflict, TextEdit, apply_edits, edit_cell, edit_text, undo_change
from .install_function_draft import install_function_draft
from .publish_function import RulesBroken, publish_function

__all__ = [
    "CellEdit",
    "EditConflict",
    "RulesBroken",
    "TextEdit",
    "apply_edits",
    "edit_cell",
    "edit_text",
    "install_function_draft",
    "publish_function",
    "undo_change",
]
