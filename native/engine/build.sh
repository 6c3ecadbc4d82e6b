#!/usr/bin/env bash
# Builds native/build/engine/engine, the plugins' engine without a heap: QuickJS as its npm package has it, turned into C,
# and what stands around it. Needs wasm2c (Debian's package wabt), musl-gcc (musl-tools) and Bun, no network. Does nothing
# when it is newer than every source.
set -euo pipefail
cd "$(dirname "$0")/.."
# musl: glibc asks the processor what it is some hundred times at each start, and in a virtual machine each costs a microsecond
# or two. The kernel's headers come after its own.
# Depth of calls is QuickJS's to limit: wasm2c since 1.0.33 would end the process at 500.
CC="musl-gcc -idirafter /usr/include -idirafter /usr/include/$(uname -m)-linux-gnu -DWASM_RT_SKIP_SIGNAL_RECOVERY=1 -DWASM_RT_USE_STACK_DEPTH_COUNT=0
  -DWASM_RT_NONCONFORMING_UNCHECKED_STACK_EXHAUSTION=1"
headers=../node_modules/node-api-headers/include
quickjs=../node_modules/@jitl/quickjs-wasmfile-release-sync/dist
out=build/engine

# up_to_date OUTPUT SOURCE…
up_to_date() {
  local output=$1 source
  shift
  [ -f "$output" ] || return 1
  for source in "$@" engine/build.sh; do [ "$source" -nt "$output" ] && return 1; done
  return 0
}

if ! up_to_date $out/quickjs.o "$quickjs/emscripten-module.wasm" engine/prepare.ts; then
  command -v wasm2c >/dev/null || { echo "native/engine/build.sh: wasm2c is missing: install the package wabt" >&2; exit 1; }
  rm -rf $out
  mkdir -p $out
  cp "$quickjs/emscripten-module.wasm" $out/quickjs.wasm
  wasm2c $out/quickjs.wasm -o $out/quickjs.c
  ../scripts/bun engine/prepare.ts $out "$quickjs/emscripten-module.cjs"
  # Without peephole2: gcc 14 fails at memory that is reached through gs.
  $CC -O2 -fno-peephole2 -c $out/quickjs.c -o $out/quickjs.o.tmp
  mv $out/quickjs.o.tmp $out/quickjs.o
fi

if ! up_to_date $out/engine $out/quickjs.o core/*.[ch] addon/*.[ch] engine/*.[ch]; then
  # Static: it starts in half the time, and needs no C library of a certain age. The addon's functions without its
  # threads and its registration.
  functions=$(ls addon/*.c | grep -v -e '/addon\.c$' -e '/task\.c$')
  $CC -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -DTSNET_NO_SYMVER -O2 -static -fstack-protector-strong -pthread \
    -include engine/musl.h -iquote core -iquote addon -iquote engine -isystem $out -isystem "$headers" \
    core/*.c $functions engine/*.c $out/quickjs.o -lm -Wl,-z,relro,-z,now -s -o $out/engine.tmp
  mv $out/engine.tmp $out/engine
fi
