#!/usr/bin/env bash
# Installs what is absent, and only that: `setup.sh demo` for building and the demo, `setup.sh test` for the tests too.
# On Debian 12 and Ubuntu 24.04 by apt, with sudo only where something is missing; elsewhere it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:?usage: setup.sh demo|test}
have() { command -v "$1" >/dev/null 2>&1; }
has_any() { for name in "$@"; do have "$name" && return 0; done; return 1; }
installed() { have dpkg-query && dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
has_initdb() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb; }

missing=() # packages of Debian
need() { # need PACKAGE CHECK…: the package is missing unless the check succeeds
    local package=$1
    shift
    "$@" || missing+=("$package")
}

need g++ have g++
need cmake have cmake
need pkg-config have pkg-config
need libasound2-dev test -e /usr/include/alsa/asoundlib.h
need nodejs have node
need npm have npm
if [ "$level" = test ]; then
    need python3 have python3
    need postgresql has_initdb
    need chromium has_any chromium google-chrome chromium-browser
    need pulseaudio have pulseaudio
    need pulseaudio-utils have pactl
    need libasound2-plugins installed libasound2-plugins
    need iproute2 have ip
    need sox have sox
    need dbus-daemon have dbus-daemon
fi

if [ ${#missing[@]} -gt 0 ]; then
    system=$(. /etc/os-release 2>/dev/null && echo "${ID:-}-${VERSION_ID:-}" || true)
    case "$system" in
        debian-12 | ubuntu-24.04) ;;
        *)
            echo "Referent needs these, under the names Debian 12 gives them; this system ($system) is not one that" >&2
            echo "this script installs on, so please install them yourself and run the command again:" >&2
            printf '  %s\n' "${missing[@]}" >&2
            exit 1
            ;;
    esac
    if [ "$system" = ubuntu-24.04 ]; then missing=("${missing[@]/#chromium/chromium-browser}"); fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || { echo "These packages are missing and there is no sudo; install them as root: ${missing[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    echo "installing: ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

have cargo || { echo "A Rust toolchain is missing; install one with rustup (https://rustup.rs) and run the command again." >&2; exit 1; }
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$(cargo --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Rust $found is too old, Referent needs $wanted or newer: rustup update stable" >&2
    exit 1
fi
node_major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$node_major" -lt 18 ]; then
    echo "Node.js $(node --version) is too old, the pane needs 18 or newer; Debian 12's package is new enough." >&2
    exit 1
fi
