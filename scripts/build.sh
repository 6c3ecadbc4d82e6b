#!/bin/bash
# npm run build: leaves, whole or not at all,
#
#   dist/cni/  one launcher under each plugin's name, tsnet-cni (their engine)
#   dist/bin/  the launcher as tsnet and tsbox, tsnet-bun (the Bun executable), tsnet.node (the addon), tsnet-cni, and
#              tsbox-mon (enters containers and stays as their monitor)
#   dist/lib/  the netlink library for Node: index.js, build/tsnet.node, types/
#
# Nothing is done when the sources are those of the last build; --force builds anyway.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/setup.sh

# A name and its loader on each line, of plugins and IPAM plugins alike.
plugins=$(sed -nE 's/^  "?([a-z0-9-]+)"?: async \(\) =>.*/\1/p' src/main/registry.ts)
[ -n "$plugins" ]
commands="tsnet tsbox"

# One build at a time; the next one finds everything done.
exec 8<scripts/build.sh
flock 8
setup build

sources=$(find src plugins ipam native package.json package-lock.json tsconfig.json scripts/build.sh scripts/bundle.ts \
  -path native/build -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
if [ "${1:-}" != --force ] && [ "$(cat dist/.sources 2>/dev/null)" = "$sources" ]; then
  echo "dist is up to date"
  exit 0
fi

flock native/build.sh bash native/build.sh

new=$(mktemp -d dist.XXXXXX)
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
mkdir "$new/bin" "$new/cni" "$new/lib"

scripts/bun scripts/bundle.ts commands "$new/bin/tsnet-bun"
rm -f "$new/bin/"*.map # they are in the executable as well
scripts/bun scripts/bundle.ts plugins native/build/plugins.js
native/build/engine/engine native/build/plugins.js native/build/engine/engine "$new/cni/tsnet-cni"
chmod 755 "$new/cni/tsnet-cni"
for name in $plugins; do install -m 755 native/build/launcher "$new/cni/$name"; done
for name in $commands; do install -m 755 native/build/launcher "$new/bin/$name"; done
install -m 644 native/build/tsnet.node "$new/bin/tsnet.node"
ln "$new/cni/tsnet-cni" "$new/bin/"
install -m 755 native/build/tsbox-mon "$new/bin/tsbox-mon"

scripts/bun build src/netlink/index.ts --target=node --format=esm --sourcemap=linked --outdir "$new/lib"
mkdir "$new/lib/build"
ln "$new/bin/tsnet.node" "$new/lib/build/" # where native/load.ts looks, seen from the bundle
node_modules/.bin/tsc -p scripts/tsconfig.lib.json --outDir "$new/lib/types"
printf '%s\n' "$sources" >"$new/.sources"

# Swapped in one step where the file system can (renameat2(2), RENAME_EXCHANGE), so that a running test never sees half.
if [ -d dist ]; then
  perl -e 'exit(syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2) == 0 ? 0 : 1)' "$new" dist ||
    { mv dist "$new.old"; mv "$new" dist; mv "$new.old" "$new"; }
else
  mv "$new" dist
fi
echo "built dist/bin, dist/cni, dist/lib"
