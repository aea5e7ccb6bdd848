"""Addresses of the stage Build: instruments, matrix, procedures."""

from django.urls import path

from kamerton.web.studio import instruments, matrix, procedures

urlpatterns = [
    path("instruments/", instruments.instruments, name="build-instruments"),
    path("matrix/", matrix.matrix, name="build-matrix"),
    path("procedures/", procedures.procedures, name="build-procedures"),
]
