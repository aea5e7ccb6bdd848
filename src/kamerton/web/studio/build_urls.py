"""Addresses of the stage Build: instruments, matrix, procedures."""

from django.urls import path

from kamerton.web.studio import instruments, matrix, procedures

urlpatterns = [
    path("instruments/", instruments.instrument_list, name="instruments"),
    path("instruments/<slug:slug>/", instruments.instrument, name="instrument"),
    path("matrix/", matrix.matrix, name="matrix"),
    path("procedures/", procedures.procedure_list, name="procedures"),
    path("procedures/<slug:slug>/", procedures.procedure, name="procedure"),
]
