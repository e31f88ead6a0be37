#!/usr/bin/env bash
# What may not become part of the programs: a second TLS stack, and licences that do not go with the EUPL.
# `cargo deny check bans licenses sources` says the same from the same deny.toml where it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

tree=$(cargo tree --locked --workspace --target all --edges normal,build --prefix none --format '{p}' | cut -d' ' -f1 | sort -u)
banned=$(grep -xE 'aws-lc-rs|aws-lc-sys|openssl|openssl-sys|native-tls' <<<"$tree" || true)
if [ -n "$banned" ]; then
    echo "A second TLS stack has come in (docs/decisions/0008): ${banned//$'\n'/, }" >&2
    echo "cargo tree -i NAME says through which feature; the one stack is rustls with ring." >&2
    exit 1
fi
cargo metadata --locked --format-version 1 | python3 scripts/licences.py deny.toml
