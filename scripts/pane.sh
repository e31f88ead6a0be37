#!/usr/bin/env bash
# Builds the caseworker's page, if a source is newer than what was built; fetches its tools, if the list of them changed.
set -euo pipefail
cd "$(dirname "$0")/../notes-api/pane"

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund >&2
    touch node_modules/.package-lock.json
fi
built=dist/.built
newer=$(find src *.mjs *.json -type f -newer "$built" -print -quit 2>/dev/null || true)
if [ ! -e "$built" ] || [ -n "$newer" ]; then
    npm run --silent build >&2
    touch "$built"
fi
