"""What writes to the tables of this room."""

from .dismiss_finding import dismiss_finding
from .edit_framework import (
    EditConflict,
    NumberEdit,
    TextEdit,
    apply_edits,
    edit_number,
    edit_text,
    undo_change,
)
from .install_framework_draft import install_framework_draft
from .publish_framework import RulesBroken, publish_framework

__all__ = [
    "EditConflict",
    "NumberEdit",
    "RulesBroken",
    "TextEdit",
    "apply_edits",
    "dismiss_finding",
    "edit_number",
    "edit_text",
    "install_framework_draft",
    "publish_framework",
    "undo_change",
]
