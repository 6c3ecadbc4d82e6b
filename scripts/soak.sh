#!/bin/bash
# npm run soak: the end-to-end tests in their long forms (random kills, fuzzing, alternating plugins), hours if need be.
# They look at TSNET_SOAK=1. The result is kept in docs/soak-last.md. Files may be named: npm run soak -- FILE…
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
. scripts/setup.sh

[ "$(id -u)" = 0 ] || { echo 'soak needs root: sudo env "PATH=$PATH" npm run soak' >&2; exit 1; }
setup test && bash scripts/build.sh || exit 1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
start=$SECONDS
TSNET_SOAK=1 scripts/bun scripts/netns.ts "$@" | tee "$log"
status=${PIPESTATUS[0]}
{
  echo "# Last soak"
  echo
  echo "$(date -u +%F), $(git rev-parse --short HEAD), $(nproc) CPUs, Linux $(uname -r), $((SECONDS - start)) s: **$(tail -n 1 "$log")**"
  echo
  echo '```'
  cat "$log"
  echo '```'
} >docs/soak-last.md
exit "$status"
