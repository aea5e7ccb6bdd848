"""Addresses of the assessor pages."""

from django.urls import path

from kamerton.web.assessor import exercise, integration, texts, today

urlpatterns = [
    path("assess/", today.today, name="assess-today"),
    path("assess/texts/", texts.queue, name="assess-texts"),
    path("assess/texts/<int:answer>/", texts.score, name="assess-text"),
    path("assess/<uuid:appointment>/", exercise.sheet, name="assess-exercise"),
    path("assess/<uuid:appointment>/start/", exercise.start, name="assess-start"),
    path("assess/<uuid:appointment>/notes/", exercise.note, name="assess-note"),
    path("assess/<uuid:appointment>/ratings/", exercise.rating, name="assess-rating"),
    path("assess/<uuid:appointment>/submit/", exercise.submit, name="assess-submit"),
    path("assess/<uuid:appointment>/reopen/", exercise.reopen, name="assess-reopen"),
    path("integration/", integration.people, name="integration"),
    path("integration/<uuid:participation>/", integration.person, name="integration-person"),
    path(
        "integration/<uuid:participation>/ratings.<slug:form>", integration.export, name="integration-export"
    ),
]
