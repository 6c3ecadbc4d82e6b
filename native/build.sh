#!/usr/bin/env bash
# Builds native/build/tsnet.node (the addon), native/build/launcher and native/build/tsbox-mon, and has
# engine/build.sh build the plugins' engine. Needs a C compiler ($CC, default cc), no network. Does nothing when all are newer than every source.
set -euo pipefail
cd "$(dirname "$0")"
CC=${CC:-cc}
headers=../node_modules/node-api-headers/include
[ -f "$headers/node_api.h" ] || {
  echo "native/build.sh: $headers/node_api.h is missing: run npm ci first" >&2
  exit 1
}
mkdir -p build

# up_to_date OUTPUT SOURCE…
up_to_date() {
  local output=$1 source
  shift
  [ -f "$output" ] || return 1
  for source in "$@" build.sh; do [ "$source" -nt "$output" ] && return 1; done
  return 0
}

warnings=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes)

if ! up_to_date build/tsnet.node core/*.[ch] addon/*.[ch]; then
  # Written beside and renamed: a running process keeps the file it has mapped.
  $CC "${warnings[@]}" -O2 -fPIC -shared -fvisibility=hidden -fstack-protector-strong -pthread \
    -iquote core -iquote addon -isystem "$headers" \
    core/*.c addon/*.c -Wl,-z,relro,-z,now -Wl,--as-needed -s -o build/tsnet.node.tmp
  chmod 755 build/tsnet.node.tmp
  mv build/tsnet.node.tmp build/tsnet.node
fi

if [ -f launcher/launcher.c ] && ! up_to_date build/launcher launcher/*.[ch]; then
  $CC "${warnings[@]}" -Os -static -nostdlib -nostartfiles -ffreestanding -fno-stack-protector -fno-pie -no-pie \
    -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
    launcher/launcher.c -Wl,-z,noseparate-code -Wl,-z,noexecstack -Wl,--build-id=none -s -o build/launcher.tmp
  chmod 755 build/launcher.tmp
  mv build/launcher.tmp build/launcher
fi

# Static with the C library of the machine (Debian's libc6-dev has it): what enters a container may load nothing of it. No musl is
# needed: the file has 0.9 MB, of which a monitor touches a third.
if ! up_to_date build/tsbox-mon box/*.[ch] box/schema.def core/{error,bytes}.[ch] core/errname.c; then
  $CC "${warnings[@]}" -Os -static -fno-pie -no-pie -fstack-protector-strong -ffunction-sections -fdata-sections \
    -iquote core -iquote box box/*.c core/{error,errname,bytes}.c \
    -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noexecstack -s -o build/tsbox-mon.tmp
  chmod 755 build/tsbox-mon.tmp
  mv build/tsbox-mon.tmp build/tsbox-mon
fi

bash engine/build.sh
