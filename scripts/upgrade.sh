#!/usr/bin/env bash
# Upgrades a worker in mid-call, for real: `upgrade.sh COMMIT` builds the pipeline of that commit in a worktree of its own,
# with a target folder of its own, and runs the stories of tests/tests/upgrade.rs with it. Both stay for the next time
# (about 1.5 GB in the target folder, `earlier`); `make clean` takes them away.
set -euo pipefail
cd "$(dirname "$0")/.."

from=${1:?usage: upgrade.sh COMMIT}
if ! commit=$(git rev-parse --verify --quiet "$from^{commit}"); then
    echo "upgrade.sh: there is no commit $from here; name one of this history with FROM=, or fetch it all (git fetch --unshallow)" >&2
    exit 1
fi
here="$(realpath -m "${CARGO_TARGET_DIR:-target}")/earlier/$commit"
git worktree prune
if [ ! -e "$here/source/Cargo.toml" ]; then
    rm -rf "$here/source"
    git worktree add --force --detach "$here/source" "$commit"
fi
CARGO_TARGET_DIR="$here/target" cargo build --locked --manifest-path "$here/source/Cargo.toml" -p referent-pipeline
export REFERENT_EARLIER_PIPELINE="$here/target/debug/referent-pipeline" REFERENT_EARLIER_MODELS="$here/source/models"
exec cargo test --locked -p referent-tests --test upgrade -- --nocapture
