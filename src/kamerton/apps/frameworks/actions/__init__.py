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
from .reshape_framework import (
    CodeTaken,
    add_competency,
    add_indicator,
    add_profile,
    create_framework,
    move_piece,
    put_piece,
    set_clusters,
    set_trainable,
)

__all__ = [
    "CodeTaken",
    "EditConflict",
    "NumberEdit",
    "RulesBroken",
    "TextEdit",
    "add_competency",
    "add_indicator",
    "add_profile",
    "apply_edits",
    "create_framework",
    "dismiss_finding",
    "edit_number",
    "edit_text",
    "install_framework_draft",
    "move_piece",
    "publish_framework",
    "put_piece",
    "set_clusters",
    "set_trainable",
    "undo_change",
]
