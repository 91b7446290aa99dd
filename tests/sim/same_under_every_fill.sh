#!/bin/sh
# A run must not depend on what fresh memory holds: the same seeds under two fills of malloc give the
# same hashes.
set -eu
sluice=$1
hashes() {
    GLIBC_TUNABLES=glibc.malloc.perturb="$1" "$sluice" sim --seeds 1..6 --json |
        sed -n 's/.*"seed":\([0-9]*\).*"hash":"\([0-9a-f]*\)".*/\1 \2/p'
}
one=$(hashes 85)
other=$(hashes 170)
[ -n "$one" ]
if [ "$one" != "$other" ]; then
    printf 'hashes differ between two fills of malloc:\n%s\n---\n%s\n' "$one" "$other"
    exit 1
fi
