"""Addresses of the candidate pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
