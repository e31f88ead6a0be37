#!/usr/bin/env bash
# Builds the Debian package of the agent: `deb.sh FOLDER [PROFILE]` writes FOLDER/referent-agent_VERSION_ARCHITECTURE.deb.
# By dpkg-deb, from what `cargo build` made (docs/decisions/0025). It has no maintainer scripts: nothing is switched on.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?usage: deb.sh FOLDER [PROFILE]}
profile=${2:-release}
for tool in dpkg-deb objdump strip; do
    command -v $tool >/dev/null || { echo "$tool is missing; install dpkg and binutils" >&2; exit 1; }
done

if [ "$profile" = dev ]; then
    built=${CARGO_TARGET_DIR:-target}/debug # what `make programs` has built: for the test only
else
    cargo build --locked --profile "$profile" -p referent-agent -p referent-tray --bins
    built=${CARGO_TARGET_DIR:-target}/$profile
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
architecture=$(dpkg --print-architecture)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
doc=$root/usr/share/doc/referent-agent
for program in referent-agent referent-tray; do
    install -Dm755 "$built/$program" "$root/usr/bin/$program"
    strip "$root/usr/bin/$program"
    install -Dm644 "packaging/systemd/$program.service" "$root/usr/lib/systemd/user/$program.service"
done
install -Dm644 packaging/linux/referent-link.desktop "$root/usr/share/applications/referent-link.desktop"
install -Dm644 packaging/debian/agent.toml "$doc/examples/agent.toml"
install -Dm644 packaging/debian/copyright "$doc/copyright"
install -Dm644 LICENSE "$doc/LICENSE"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
chmod 644 "$doc/changelog.gz"

# What the programs need, read off the programs.
needed=$(objdump -p "$root"/usr/bin/* | sed -n 's/^ *NEEDED *//p' | sort -u)
glibc=$(objdump -T "$root"/usr/bin/* | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 | cut -d_ -f2)
depends="libc6 (>= $glibc)"
for library in $needed; do
    case "$library" in
        libc.so.6 | libm.so.6 | libdl.so.2 | libpthread.so.0 | librt.so.1 | ld-linux-*) ;;
        libgcc_s.so.1) depends="$depends, libgcc-s1" ;;
        libasound.so.2) depends="$depends, libasound2t64 | libasound2" ;;
        *) echo "which package has $library? Say it in scripts/deb.sh" >&2; exit 1 ;;
    esac
done

mkdir "$root/DEBIAN"
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" -e "s/@DEPENDS@/$depends/" \
    packaging/debian/control.in >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
mkdir -p "$out"
# A format that Debian 12 reads as well as Ubuntu.
dpkg-deb --root-owner-group -Zxz -z"$([ "$profile" = dev ] && echo 0 || echo 6)" --build "$root" \
    "$out/referent-agent_${version}_$architecture.deb"
