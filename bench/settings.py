"""The product's own settings with one more address: an empty page to compare with."""

from kamerton.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
