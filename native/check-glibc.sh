#!/usr/bin/env bash
# Fails when the addon needs a glibc newer than 2.31, the oldest we support (Debian 11, Ubuntu 20.04).
set -euo pipefail
cd "$(dirname "$0")"
limit=2.31
newest=$(objdump -T build/tsnet.node | grep -o 'GLIBC_[0-9][0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -1)
if [ "$(printf '%s\n' "$limit" "$newest" | sort -V | tail -1)" != "$limit" ]; then
  echo "build/tsnet.node needs glibc $newest, the limit is $limit:" >&2
  objdump -T build/tsnet.node | grep "GLIBC_$newest" >&2
  exit 1
fi
echo "build/tsnet.node needs glibc $newest (limit $limit)"
