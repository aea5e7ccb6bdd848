"""What writes to the tables of this room."""

from .create_user import LoginTaken, create_user
from .declare_conflict import declare_conflict
from .ensure_subject import ensure_subject
from .grant_role import grant_role
from .save_person import PersonData, PersonSaved, save_person

__all__ = [
    "LoginTaken",
    "PersonData",
    "PersonSaved",
    "create_user",
    "declare_conflict",
    "ensure_subject",
    "grant_role",
    "save_person",
]
