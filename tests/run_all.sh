#!/bin/sh
# Every test: quick ones and both databases in two processes, then the browser. Exit code: the first that failed.
set -u
cd "$(dirname "$0")/.."
PY=${KAMERTON_VENV:-.venv}/bin/python
unset KAMERTON_DEMO
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
code=0
if [ $# -gt 0 ]; then
  KAMERTON_TEST_HOME=$scratch/one exec "$PY" -m pytest "$@"
fi
sh tests/check.sh --quick || code=1
echo "== everything but the browser, on SQLite"
KAMERTON_TEST_HOME=$scratch/sqlite "$PY" -m pytest -q -n 2 --dist loadfile -m "not browser" || code=1
echo "== the rooms, flows and pages again, on PostgreSQL"
KAMERTON_TEST_HOME=$scratch/pg "$PY" -m tests.with_postgresql -q -n 2 --dist loadfile -m "not browser" \
  tests/apps tests/flows tests/web tests/cli tests/journeys tests/upgrade || code=1
echo "== the browser, on SQLite"
KAMERTON_TEST_HOME=$scratch/browser "$PY" -m pytest -q -m browser || code=1
exit $code
