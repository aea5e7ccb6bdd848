"""Addresses of the leader pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
