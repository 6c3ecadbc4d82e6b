#!/bin/bash
# npm run demo: sets everything up on a fresh Debian or Ubuntu, then shows the main job (scripts/demo/main.ts) inside a
# network namespace of its own that plays the host. The machine's own network stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/setup.sh

if [ "$(id -u)" != 0 ]; then
  echo 'The demo makes network namespaces, for which it needs root: sudo env "PATH=$PATH" npm run demo' >&2
  exit 1
fi
setup demo
bash scripts/build.sh
exec scripts/bun scripts/demo/main.ts
