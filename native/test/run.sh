#!/usr/bin/env bash
# Builds every *_test.c here with the C core, twice (address and undefined-behaviour sanitizers; thread sanitizer), and those of
# box/test with the container's monitor, which has one thread, once; and runs them. Needs root and a network namespace's worth of rights. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
CC=${CC:-cc}
out=build/test
mkdir -p "$out"
flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -O1 -g -fno-omit-frame-pointer -pthread
  -DTSNET_NO_SYMVER -iquote core -iquote test -iquote box)
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1
passed=0
failed=0

# build NAME SANITIZERS: the core once as objects, each test beside it
build() {
  local name=$1
  shift
  objects "$name" core "$@"
  tests "$name" test "$@"
}

# objects NAME FOLDER FLAGS: its sources but the program's own
objects() {
  local name=$1 folder=$2 source
  shift 2
  mkdir -p "$out/$name"
  for source in "$folder"/*.c; do
    [ "$source" = box/main.c ] || $CC "${flags[@]}" "$@" -c "$source" -o "$out/$name/$(basename "$source" .c).o"
  done
}

# tests NAME FOLDER FLAGS
tests() {
  local name=$1 folder=$2 source
  shift 2
  for source in "$folder"/*_test.c; do
    $CC "${flags[@]}" "$@" "$source" "$out/$name"/*.o -o "$out/$name/$(basename "$source" .c)"
  done
}

# With the same files of the core as in build.sh.
build_box() {
  local source
  rm -rf "$out/box"
  objects box box "$@"
  for source in error errname bytes; do $CC "${flags[@]}" "$@" -c "core/$source.c" -o "$out/box/$source.o"; done
  tests box box/test "$@"
}

run() {
  local program text status=0
  for program in "$out/$1"/*_test; do
    text=$(timeout 120 "$program" 2>&1) && status=0 || status=$?
    local line
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' <<<"$text" | tail -1 || true)
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
      if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
    else
      failed=$((failed + 1))
    fi
    [ "$status" -eq 0 ] || echo "$1/$(basename "$program") (exit $status):"$'\n'"$text"
  done
}

build address -fsanitize=address,undefined &
build thread -fsanitize=thread
wait $!
build_box -fsanitize=address,undefined
run address
run thread
run box
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
