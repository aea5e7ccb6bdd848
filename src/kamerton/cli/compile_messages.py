"""Compile every gettext catalogue (`.po` → `.mo`) with Babel; done whenever the environment is built."""

from __future__ import annotations

import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Returns 0; a broken catalogue is named and returns 1."""
    broken = 0
    for source in sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        # Imported here: every start of the command line comes by, and mostly there is nothing to do.
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        try:
            with source.open("rb") as file:
                catalog = read_po(file, abort_invalid=True)
        except Exception as fault:
            print(f"{source.relative_to(PACKAGE)}: {fault}", file=sys.stderr)
            broken += 1
            continue
        temporary = target.with_suffix(".mo.part")
        with temporary.open("wb") as file:
            write_mo(file, catalog)
        temporary.replace(target)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
