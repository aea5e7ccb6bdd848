"""Addresses outside any one audience: home, sign-in, language, health; start and search of a project."""

from django.urls import path

from kamerton.web import home, search, sign_in, start

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("language/", home.language, name="language"),
    path("healthz", home.healthz, name="healthz"),
    path("p/<slug:project>/", start.start, name="project"),
    path("p/<slug:project>/view-as/", start.view_as, name="view-as"),
    path("p/<slug:project>/install-pack/", start.install, name="install-pack"),
    path("p/<slug:project>/search/", search.search, name="search"),
]
