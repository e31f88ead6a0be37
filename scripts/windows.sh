#!/usr/bin/env bash
# Builds the agent for Windows, makes its MSI, and lets a call through it under Wine.
#
#   windows.sh FOLDER [PROFILE]    FOLDER holds a small Debian with what that needs (4 GB, made at the first run)
#
# Why a Debian of its own: the compiler of the distribution builds the standard library for Windows itself, so that no
# target has to be fetched, and its Wine runs the result. Needs root (debootstrap, chroot, mounts).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(realpath -m "${1:?usage: windows.sh FOLDER [PROFILE]}")
profile=${2:-dev}
target=x86_64-pc-windows-gnu
[ "$(id -u)" = 0 ] || { echo "windows.sh makes a chroot, and that takes root" >&2; exit 1; }

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/build CARGO_HOME=/build/cargo LANG=C.UTF-8 "$@"; }

if [ ! -e "$root/etc/debian_version" ]; then
    command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap
    debootstrap --variant=minbase \
        --include=ca-certificates,rustc,cargo,rust-src,gcc-mingw-w64-x86-64,g++-mingw-w64-x86-64,gcc,libc6-dev,cmake,make,wixl \
        sid "$root"
fi
mounted=()
unmount() { for place in "${mounted[@]}"; do umount -l "$place" || true; done; }
trap unmount EXIT
bind() {
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
    mount --make-rslave "$root$2"
    mounted=("$root$2" "${mounted[@]}")
}
bind /proc /proc
bind /dev /dev
bind /tmp /tmp
bind "$PWD" /src
bind "${CARGO_HOME:-$HOME/.cargo}/registry" /build/cargo/registry
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
if [ ! -e "$root/build/wine-is-there" ]; then
    # A fresh archive may be read by a clock that is behind it.
    inside apt-get -o Acquire::Check-Valid-Until=false update
    inside DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Check-Valid-Until=false install -y --no-install-recommends \
        wine wine64 pulseaudio-utils libpulse0 xvfb x11-apps
    touch "$root/build/wine-is-there"
fi

built=/var/cache/referent-target
echo "building for $target ($profile)"
inside RUSTC_BOOTSTRAP=1 CARGO_TERM_COLOR=never CARGO_TARGET_DIR=$built \
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    cargo build --manifest-path /src/Cargo.toml --locked --profile "$profile" -Z build-std=std,panic_abort \
    --target $target -p referent-agent -p referent-tray --bins
folder=$([ "$profile" = dev ] && echo debug || echo "$profile")

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sed -e "s|@VERSION@|$version|" -e "s|@BUILT@|/msi|" -e "s|@SOURCE@|/src|" \
    packaging/windows/referent.wxs >"$root/build/referent.wxs"
rm -rf "$root/msi"
mkdir "$root/msi"
for program in referent-agent referent-agentw referent-tray; do
    inside x86_64-w64-mingw32-strip -o "/msi/$program.exe" "$built/$target/$folder/$program.exe"
done
inside wixl --arch x64 -o /msi/referent-agent.msi /build/referent.wxs
mkdir -p dist
cp "$root/msi/referent-agent.msi" "dist/referent-agent_${version}_x64.msi"
ls -l "dist/referent-agent_${version}_x64.msi"

if [ "$profile" = dev ]; then
    REFERENT_WINDOWS="$root" cargo test --locked -p referent-tests --test windows -- --nocapture
fi
