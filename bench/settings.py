"""The product's settings with one address more: an empty view as the peer of a run."""

from kamerton.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
