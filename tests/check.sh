#!/bin/sh
# Format, lint, types, import contracts, docs; without --quick the fast tests of rooms, library and rules of the house too.
set -u
cd "$(dirname "$0")/.."
BIN=${KAMERTON_VENV:-.venv}/bin
code=0
step() { echo "== $1"; shift; "$@" || code=1; }
step "format" "$BIN/ruff" format --check -q src tests bench
step "lint" "$BIN/ruff" check -q src tests bench
step "types" "$BIN/mypy" --no-error-summary
step "import contracts" env PYTHONPATH=src "$BIN/lint-imports" --no-cache
step "migrations are complete" env KAMERTON_HOME="${TMPDIR:-/tmp}/kamerton-check-$$" DJANGO_SETTINGS_MODULE=kamerton.config.settings_test "$BIN/python" -m django makemigrations --check --dry-run -v 0
rm -rf "${TMPDIR:-/tmp}/kamerton-check-$$"
if [ "${1:-}" != "--quick" ]; then
  step "fast tests" env KAMERTON_TEST_HOME="${TMPDIR:-/tmp}/kamerton-check-$$" "$BIN/python" -m pytest -q -n 2 --dist loadfile -m "not browser and not slow" \
    tests/apps tests/content tests/formats tests/measure tests/values tests/test_*.py
  rm -rf "${TMPDIR:-/tmp}/kamerton-check-$$"
fi
exit $code
