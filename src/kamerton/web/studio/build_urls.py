"""Addresses of the stage Build: instruments, matrix, procedures."""

from django.urls import path, re_path

from kamerton.web.studio import instruments, matrix, procedures

urlpatterns = [
    path("instruments/", instruments.instrument_list, name="instruments"),
    re_path(
        r"^instruments/table\.(?P<form>xlsx|csv)$", instruments.instrument_table, name="instruments-table"
    ),
    path("instruments/<slug:slug>/", instruments.instrument, name="instrument"),
    path("matrix/", matrix.matrix, name="matrix"),
    re_path(r"^matrix/(?P<slug>[-\w]+)\.(?P<form>xlsx|csv)$", matrix.matrix_table, name="matrix-table"),
    path("procedures/", procedures.procedure_list, name="procedures"),
    path("procedures/<slug:slug>/", procedures.procedure, name="procedure"),
]
