#!/bin/bash
# npm run check: the gate. Format, lint, types, layers, constants, unit and property tests.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/setup.sh
setup build
exec scripts/bun scripts/gate.ts
