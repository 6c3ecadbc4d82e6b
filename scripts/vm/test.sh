#!/bin/bash
# Runs the end-to-end tests that need a kernel with more than this machine's: netns-tests/**/*.vm.test.ts, or the files
# named, in the virtual machine of scripts/vm/run. Ends with "N passed, N failed" (", N skipped"), as npm test does.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/vm/kernel.sh

files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find netns-tests -name '*.vm.test.ts' | sort)
if [ ${#files[@]} = 0 ]; then
  echo "0 passed, 0 failed"
  exit 0
fi

missing=$(vm_missing)
[ -n "$missing" ] || scripts/vm/run --prepare || missing="Debian's kernel package could not be fetched"
if [ -n "$missing" ]; then
  printf 'SKIP %s: '"$missing"'\n' "${files[@]}"
  echo "0 passed, 0 failed, ${#files[@]} skipped"
  exit 0
fi

# Code is about 20 times slower in there.
export TSNET_FILE_SECONDS=${TSNET_FILE_SECONDS:-220} TSNET_TEST_MS=${TSNET_TEST_MS:-180000}
exec scripts/vm/run --timeout "${TSNET_VM_SECONDS:-230}" -- scripts/bun scripts/netns.ts "${files[@]}"
