#!/usr/bin/env bash
# The package, installed and purged: into a root of its own by whoever runs this; and on this machine itself, with what it
# depends on, in CI or with REFERENT_INSTALL_TEST=1 (as root, or with sudo).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v dpkg-deb >/dev/null || { echo "skipped: this system has no dpkg"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "deb_test: $*" >&2; exit 1; }

scripts/deb.sh "$work" dev >/dev/null
package=$(echo "$work"/*.deb)

look() { # look ROOT: what has been installed there works
    local root=$1 agent=$1/usr/bin/referent-agent
    local said
    for program in referent-agent referent-tray; do
        said=$("$root/usr/bin/$program" --version)
        [[ $said == "$program "* ]] || fail "$program has no version: $said"
        said=$(ldd "$root/usr/bin/$program")
        [[ $said != *"not found"* ]] || fail "$program lacks a library: $said"
    done
    # The user's file, where both programs look for it, after the example that came along.
    mkdir -p "$work/home/.config/referent" "$work/home/state/spool"
    sed "s|^state_dir = .*|state_dir = \"$work/home/state\"|" "$root/usr/share/doc/referent-agent/examples/agent.toml" \
        >"$work/home/.config/referent/agent.toml"
    said=$(env -u XDG_CONFIG_HOME HOME="$work/home" "$agent" config check)
    [[ $said == *"in order"* ]] || fail "the example is not in order: $said"
    if command -v systemd-analyze >/dev/null; then
        mkdir -p "$work/units"
        for unit in referent-agent referent-tray; do
            sed "s|/usr/bin/|$root/usr/bin/|" "$root/usr/lib/systemd/user/$unit.service" >"$work/units/$unit.service"
        done
        XDG_RUNTIME_DIR=$work systemd-analyze --user verify "$work"/units/*.service 2>"$work/units.log" || fail "$(cat "$work/units.log")"
        ! grep -E "$work/units" "$work/units.log" || fail "a unit is not understood"
    fi
    local exec
    exec=$(sed -n 's/^Exec=//p' "$root/usr/share/applications/referent-link.desktop")
    [ "$exec" = 'referent-agent open %u' ] || fail "the link's command: $exec"
}
is_kept() { [ -e "$work/home/.config/referent/agent.toml" ] && [ -d "$work/home/state/spool" ] || fail "the user's files are gone"; }

# A root of its own. Nothing in it but dpkg's books, so what it depends on is not asked for.
root=$work/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/log"
touch "$root/var/lib/dpkg/status"
in_root() { dpkg --root="$root" --log=/dev/null --force-not-root --force-depends "$@" >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"; }
installed() { (cd "$root" && find . -path ./var -prune -o -print | sort); }
before=$(installed)
in_root --install "$package"
look "$root"
in_root --purge referent-agent
[ "$(installed)" = "$before" ] || fail "left behind: $(installed)"
is_kept
echo "deb_test: installed into a root of its own, looked at, purged: nothing is left but what is the user's"

# This machine.
if [ -z "${CI:-}${REFERENT_INSTALL_TEST:-}" ]; then exit 0; fi
if dpkg-query -W referent-agent >/dev/null 2>&1; then fail "referent-agent is installed here already; it is not touched"; fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
purge() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --purge referent-agent >/dev/null; }
trap 'purge || true; rm -rf "$work"' EXIT
look ""
for unit in referent-agent referent-tray; do
    [ -z "$(find /etc/systemd/user -name "$unit.service" 2>/dev/null)" ] || fail "$unit was switched on by installing it"
done
files=$(dpkg -L referent-agent | while read -r file; do [ -f "$file" ] && echo "$file"; done)
purge
trap 'rm -rf "$work"' EXIT
for file in $files /usr/share/doc/referent-agent; do [ ! -e "$file" ] || fail "left behind: $file"; done
is_kept
echo "deb_test: installed on this machine with what it depends on, looked at, purged"
