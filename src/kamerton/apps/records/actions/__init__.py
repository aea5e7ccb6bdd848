"""What writes to the tables of this room."""

from .create_project import SlugTaken, create_project
from .destroy_project import destroy_project
from .publish_release import NothingChanged, PartSpec, publish_release
from .write_audit import write_audit

__all__ = [
    "NothingChanged",
    "PartSpec",
    "SlugTaken",
    "create_project",
    "destroy_project",
    "publish_release",
    "write_audit",
]
