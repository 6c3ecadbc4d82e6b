#!/bin/bash
# npm test: everything, from a fresh clone. The last line is "N passed, N failed" or "N passed, N failed, N skipped"; the
# exit status is 0 only if something passed and nothing failed.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
. scripts/setup.sh

give_up() {
  printf '%s\n' "$1" "0 passed, 1 failed"
  exit 1
}

[ "$(id -u)" = 0 ] ||
  give_up 'The end-to-end tests make network namespaces, for which they need root: sudo env "PATH=$PATH" npm test
Without root there is: npm run check'
setup vm || give_up "set-up failed"
bash scripts/build.sh || give_up "the build failed"
scripts/bun scripts/test-all.ts
status=$?
[ $status -le 1 ] || give_up "the runner ended with status $status"
exit $status
