"""What pages and reports show: frozen dataclasses, filled in a constant number of queries."""

from .assessors import AssessorsPage, assessors_page
from .compare import ComparePage, compare_page
from .person_page import PersonPage, person_page
from .proof import ProofPage, proof_page
from .role_page import ORDERS, PAGE, WHO, RolePage, evaluated_roles, role_page, role_rows
from .waiting import RoleFilters

__all__ = [
    "ORDERS",
    "PAGE",
    "WHO",
    "AssessorsPage",
    "ComparePage",
    "PersonPage",
    "ProofPage",
    "RoleFilters",
    "RolePage",
    "assessors_page",
    "compare_page",
    "evaluated_roles",
    "person_page",
    "proof_page",
    "role_page",
    "role_rows",
]
