"""Settings of the tests: a home of their own, quick password hashes, mail in memory."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("KAMERTON_HOME", tempfile.mkdtemp(prefix="kamerton-test-"))
if "KAMERTON_TEST_HOME" in os.environ:
    os.environ["KAMERTON_HOME"] = os.environ["KAMERTON_TEST_HOME"]

from kamerton.config.settings import *  # noqa: F403
from kamerton.config.settings import DATABASES, HOME

SECRET_KEY = "tests-only-" + "0" * 40
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the live server's threads and the real settings meet the same engine.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
