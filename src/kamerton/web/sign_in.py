"""Signing in and out. Guessing is slowed by login and address together, so that nobody locks out an office."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kamerton.web import errors

MAX_FAILURES = 8
"""Wrong passwords for one login from one address before it must wait; a person mistypes less often."""
WAIT_SECONDS = 15 * 60


def safe_next(request: HttpRequest, wanted: str | None, fallback: str = "/") -> str:
    """The local address to go on to; an address of another host is ignored."""
    if wanted and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return fallback


def address_of(request: HttpRequest) -> str:
    """The visitor's address; behind the TLS proxy the last hop it names, which the visitor cannot forge."""
    if settings.BEHIND_TLS and (hops := request.headers.get("X-Forwarded-For")):
        return hops.split(",")[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _key(request: HttpRequest, name: str) -> str:
    seed = f"{name.strip().lower()}|{address_of(request)}"
    return "sign-in:" + hashlib.sha256(seed.encode()).hexdigest()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    onward = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(onward)
        return render(request, "sign_in.html", {"next": onward})
    name = request.POST.get("login", "").strip().lower()[:254]
    key = _key(request, name)
    if int(cache.get(key, 0)) >= MAX_FAILURES:
        return errors.too_many(request)
    user = authenticate(request, username=name, password=request.POST.get("password", "")[:1000])
    if user is None:
        cache.add(key, 0, WAIT_SECONDS)
        cache.incr(key)
        return render(request, "sign_in.html", {"next": onward, "login": name, "is_wrong": True}, status=403)
    cache.delete(key)
    login(request, user)
    return redirect(onward)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/")
