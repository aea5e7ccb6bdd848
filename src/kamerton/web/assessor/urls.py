"""Addresses of the assessor pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
