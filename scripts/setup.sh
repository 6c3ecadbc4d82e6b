#!/bin/bash
# Makes a fresh Debian 12/13 or Ubuntu 24.04+ with Node and npm ready for one stage; idempotent, asks nothing, and quick
# when nothing is to do.
#
#   bash scripts/setup.sh [build|demo|test|vm] (each stage includes those before it; default build)
#   . scripts/setup.sh; setup build            (from another script)
#
# A package of the stage `build` that cannot be had is an error; of the others it is reported, and the tests that need it
# skip with a reason.

setup_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

setup_say() { printf 'setup: %s\n' "$*" >&2; }

# "package what-it-brings": a command looked for in PATH and the sbin folders, or a file. What is already there from
# another source (Docker's containerd.io, say) is left alone.
setup_build_packages="
gcc gcc
binutils strip
libc6-dev /usr/include/stdlib.h
linux-libc-dev /usr/include/linux/netlink.h
musl-tools musl-gcc
wabt wasm2c
"
setup_demo_packages="
busybox-static busybox
curl curl
iproute2 ip
iputils-ping ping
"
setup_test_packages="
chromium chromium
conntrack conntrack
containerd containerd
containernetworking-plugins /usr/lib/cni/bridge
ethtool ethtool
fish fish
iperf3 iperf3
iptables iptables-nft
jq jq
nftables nft
podman podman
procps sysctl
runc runc
socat socat
strace strace
tcpdump tcpdump
ufw ufw
util-linux unshare
zsh zsh
"
# Only where nothing would start it: a firewall of its own is not what a person at a desk asked for.
setup_service_packages="
dbus dbus-daemon
firewalld firewalld
"
setup_vm_packages="
kmod modprobe
qemu-system-x86 qemu-system-x86_64
xz-utils xz
"

setup_has() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) (PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; command -v "$1") >/dev/null ;;
  esac
}

# Prints the packages of a list whose command or file is absent.
setup_missing() {
  local package brings
  while read -r package brings; do
    [ -z "$package" ] || setup_has "$brings" || printf '%s\n' "$package"
  done <<<"$1"
}

# apt-get as root without a question: not from packages, not from needrestart, waiting for another apt to finish.
setup_apt() {
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -y \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=180 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold --no-install-recommends --no-remove "$@" </dev/null >&2
}

# setup_packages LIST: installs what is missing of it; 1 if something stays missing.
setup_packages() {
  local missing package
  missing=$(setup_missing "$1")
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    setup_say "no apt-get here; please install:" $missing
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    setup_say "installing needs root or sudo without a password; please run: sudo apt-get install" $missing
    return 1
  fi
  setup_say "installing" $missing
  if [ -z "${setup_updated:-}" ]; then
    setup_apt update || setup_say "apt-get update failed; trying with the lists at hand"
    setup_updated=1
  fi
  if ! setup_apt install $missing; then
    for package in $missing; do
      setup_apt install "$package" || setup_say "package $package could not be installed"
    done
  fi
  missing=$(setup_missing "$1")
  [ -z "$missing" ] || { setup_say "still missing:" $missing; return 1; }
}

# node_modules as package-lock.json says. Dependencies' install scripts are never run: npm may refuse them, so nothing
# here counts on them (scripts/bun finds Bun's executable where npm unpacked it).
setup_node_modules() {
  (
    flock 9
    cd "$setup_root" || exit 1
    [ package-lock.json -nt node_modules/.package-lock.json ] || exit 0
    command -v npm >/dev/null || { setup_say "npm is missing: install Node.js 18 or newer with npm"; exit 1; }
    for attempt in 1 2 3; do
      setup_say "npm ci"
      if npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2; then
        # What the install script of the package `bun` would do, so that npx and editors find it too.
        ln -f node_modules/@oven/bun-linux-x64/bin/bun node_modules/bun/bin/bun.exe && chmod +x node_modules/bun/bin/bun.exe
        touch node_modules/.package-lock.json
        exit 0
      fi
      setup_say "npm ci failed (attempt $attempt of 3)"
      sleep $((attempt * 3))
    done
    exit 1
  ) 9<"$setup_root/package.json"
}

setup() {
  [ "$(uname -sm)" = "Linux x86_64" ] || { setup_say "this project runs on Linux x86-64, not on $(uname -sm)"; return 1; }
  local stage=${1:-build}
  case $stage in build | demo | test | vm) ;; *) setup_say "unknown stage: $stage (build, demo, test or vm)"; return 2 ;; esac
  setup_packages "$setup_build_packages" || return 1
  setup_node_modules || return 1
  "$setup_root/scripts/bun" --version >/dev/null || return 1
  [ "$stage" = build ] || setup_packages "$setup_demo_packages" || :
  case $stage in test | vm) setup_packages "$setup_test_packages" || : ;; esac
  case $stage in test | vm) [ -d /run/systemd/system ] || setup_packages "$setup_service_packages" || : ;; esac
  [ "$stage" != vm ] || setup_packages "$setup_vm_packages" || :
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -u
  setup "$@"
fi
