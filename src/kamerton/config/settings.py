"""Settings. Everything an installation may change comes from the environment; docs/reference/settings.md lists it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("KAMERTON_HOME", Path.cwd() / ".kamerton")).resolve()
CONTENT = Path(os.environ.get("KAMERTON_CONTENT", PACKAGE.parent.parent / "content")).resolve()
DEMO = os.environ.get("KAMERTON_DEMO") == "1"
"""In demo mode a visitor of a *sample* project needs no account and may switch whom they view as."""


def _secret_key() -> str:
    """From the environment, else a file of the home readable by its owner alone, made at first use."""
    if value := os.environ.get("KAMERTON_SECRET_KEY"):
        return value
    path = HOME / "secret.key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def database_from_url(url: str) -> dict[str, object]:
    """Django's database entry for `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError(
            f"KAMERTON_DATABASE_URL begins with {parts.scheme!r}; it must be postgresql://user:password@host/name. "
            "For SQLite leave it unset."
        )
    options = dict(parse_qsl(parts.query))
    entry: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
    return entry


def sqlite_database(path: Path) -> dict[str, object]:
    """SQLite tuned for concurrent autosave; FULL because an answer shown as saved must survive a power cut."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728; "
                "PRAGMA journal_size_limit=27103364; PRAGMA cache_size=-16000; PRAGMA foreign_keys=ON;"
            ),
        },
    }


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = [h for h in os.environ.get("KAMERTON_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("KAMERTON_ORIGINS", "").split(",") if o]
BASE_URL = os.environ.get("KAMERTON_URL", f"http://127.0.0.1:{os.environ.get('KAMERTON_PORT', '8000')}")
BEHIND_TLS = BASE_URL.startswith("https://")

DATABASES = {
    "default": database_from_url(os.environ["KAMERTON_DATABASE_URL"])
    if os.environ.get("KAMERTON_DATABASE_URL")
    else sqlite_database(HOME / "kamerton.sqlite3")
}

ROOMS = [
    "records",
    "people",
    "functions",
    "frameworks",
    "sources",
    "instruments",
    "procedures",
    "delivery",
    "observation",
    "results",
    "decisions",
    "reporting",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    *[f"kamerton.apps.{room}" for room in ROOMS],
    "kamerton.web",
    "kamerton.config",
]
AUTH_USER_MODEL = "people.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

MIDDLEWARE = [
    "kamerton.web.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "kamerton.web.middleware.CompressStatic",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kamerton.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kamerton.web.middleware.Refusals",
]
ROOT_URLCONF = "kamerton.config.urls"
WSGI_APPLICATION = "kamerton.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "kamerton.web.context.page",
            ],
            "builtins": [
                "kamerton.web.templatetags.kamerton",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])
            ],
        },
    }
]

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [
    PACKAGE / "web" / "locale",
    *[
        PACKAGE / "web" / audience / "locale"
        for audience in ("candidate", "assessor", "studio", "leader", "office")
    ],
]
LANGUAGE_COOKIE_NAME = "kamerton_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"


def _static_headers(headers: object, path: str, url: str) -> None:
    """WhiteNoise wants the function itself; the module that holds it cannot be imported while settings load."""
    from kamerton.web.middleware import static_headers

    static_headers(headers, path, url)  # type: ignore[arg-type]


STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STATIC_ROOT = HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ADD_HEADERS_FUNCTION = _static_headers

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "kamerton.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Not "no-referrer": with it a browser sends "Origin: null" with every form, and the CSRF check refuses them all.
# Addresses that carry a secret (personal links) set "no-referrer" themselves.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("KAMERTON_SMTP_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = str(HOME / "mail")
EMAIL_HOST = os.environ.get("KAMERTON_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("KAMERTON_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("KAMERTON_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("KAMERTON_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("KAMERTON_SMTP_TLS", "1") == "1"
DEFAULT_FROM_EMAIL = os.environ.get("KAMERTON_MAIL_FROM", "kamerton@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "kamerton.config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("KAMERTON_LOG_LEVEL", "WARNING")},
    "loggers": {
        "kamerton": {"level": os.environ.get("KAMERTON_LOG_LEVEL", "INFO")},
        "django.request": {"level": "ERROR"},
    },
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
