#!/bin/bash
# npm run bench: every program of bench/, or those named (npm run bench -- codec). Each prints what it measured; several
# need root. Numbers worth keeping go into bench/README.md with their date and machine.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
. scripts/setup.sh
setup test && bash scripts/build.sh || exit 1

names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(find bench -maxdepth 1 -type f \( -name '*.ts' -o -name '*.py' \) ! -name '*.test.ts' | sort)
status=0
for name in "${names[@]}"; do
  for file in "$name" bench/"$name" bench/"$name".ts bench/"$name".py; do [ -f "$file" ] && break; done
  printf '\n== %s\n' "$file"
  case $file in
    *.ts) scripts/bun "$file" ;;
    *.py) python3 "$file" ;;
  esac || status=1
done
exit $status
