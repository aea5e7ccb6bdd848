"""Addresses of the leader pages."""

from django.urls import URLPattern, path

from . import assessors, compare, decisions, exports, people, proof, reports, roles

ROLE = "roles/<slug:role>/"
PERSON = f"{ROLE}people/<uuid:person>/"

urlpatterns: list[URLPattern] = [
    path("roles/", roles.role_list, name="roles"),
    path(ROLE, roles.role, name="role"),
    path(f"{ROLE}evaluate/", roles.evaluate, name="role-evaluate"),
    path(f"{ROLE}compare/", compare.compare, name="role-compare"),
    path(f"{ROLE}table.<str:form>", exports.role_table, name="role-table"),
    path(PERSON, people.person, name="role-person"),
    path(f"{PERSON}decide/", decisions.decide, name="role-decide"),
    path(f"{PERSON}reports/", reports.issue, name="role-report"),
    path("reports/<str:number>.pdf", reports.download, name="report-file"),
    path("assessors/", assessors.assessors, name="severity"),
    path("proof/", proof.proof, name="proof"),
]
