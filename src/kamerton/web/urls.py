"""Addresses outside any one project: home, sign-in, language, health."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
