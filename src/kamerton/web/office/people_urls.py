"""Addresses of the people pages."""

from django.urls import path

from kamerton.web.office import people, project_log

urlpatterns = [
    path("people/", people.people_list, name="people"),
    path("people/export.<slug:form>", people.export, name="people-export"),
    path("people/import/", people.import_upload, name="people-import"),
    path("people/import/<slug:token>/", people.import_review, name="people-import-review"),
    path("audit/", project_log.audit_log, name="audit"),
    path("jobs/", project_log.jobs, name="jobs"),
]
