"""What writes to the tables of this room."""

from .publish_release import NothingChanged, PartSpec, publish_release
from .write_audit import write_audit

__all__ = ["NothingChanged", "PartSpec", "publish_release", "write_audit"]
