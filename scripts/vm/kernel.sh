# Sourced by run and test.sh: fetches Debian's kernel (nothing is installed) and builds the initramfs, both kept in
# $TSNET_VM_CACHE (default ~/.cache/tsnet-vm, 450 MB; remove it for a newer kernel).
#
#   vm_missing    prints what this machine lacks, nothing if all is there
#   vm_prepare    sets vm_kernel, vm_initramfs

vm_here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
vm_cache=${TSNET_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tsnet-vm}

# What the initramfs needs to reach the host's files, without what they depend on.
vm_boot_modules="virtio_pci virtio_console 9pnet_virtio 9p overlay"

vm_missing() {
  local name
  [ "$(id -u)" = 0 ] || { echo "needs root"; return; }
  for name in qemu-system-x86_64 busybox depmod modprobe xz; do
    (PATH=$PATH:/usr/sbin:/sbin; command -v $name >/dev/null) || { echo "$name is not installed"; return; }
  done
  [ -e "$vm_cache/version" ] || [ -n "$(vm_package)" ] || echo "apt has no package linux-image-amd64"
}

vm_package() {
  apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

vm_prepare() {
  mkdir -p "$vm_cache"
  exec 9>"$vm_cache/lock"
  flock 9
  [ -e "$vm_cache/version" ] || vm_fetch || return 1
  local key
  key=$(cat "$vm_here/init" "$vm_here/kernel.sh" "$vm_cache/version" | sha256sum | cut -c1-16)
  vm_initramfs=$vm_cache/initramfs-$key
  vm_kernel=$vm_cache/vmlinux
  [ -e "$vm_initramfs" ] || vm_build_initramfs "$vm_initramfs" || return 1
  exec 9>&-
}

# Leaves $vm_cache/{vmlinux,modules/lib/modules/VERSION,version}, version last.
vm_fetch() (
  set -e
  work=$(mktemp -d "$vm_cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  cd "$work"
  apt-get -qq -o Acquire::Retries=3 download "$(vm_package)" >&2
  dpkg-deb -x linux-image-*.deb tree
  version=$(ls tree/lib/modules)
  depmod -b tree "$version"
  vm_extract "tree/boot/vmlinuz-$version" >vmlinux
  rm -rf "$vm_cache/modules"
  mkdir -p "$vm_cache/modules"
  mv tree/lib "$vm_cache/modules/lib"
  mv vmlinux "$vm_cache/vmlinux"
  echo "$version" >"$vm_cache/version"
)

# The ELF inside a bzImage. QEMU starts it directly (PVH), which spares the emulated machine its own unpacking. Offsets:
# Documentation/arch/x86/boot.rst, setup_sects (0x1f1), payload_offset (0x248), payload_length (0x24c).
vm_extract() {
  local setup offset length unpack
  number() { od -An -v -j "$1" -N "$2" -t "u$2" "$image" | tr -d ' '; }
  local image=$1
  setup=$(number $((0x1f1)) 1) offset=$(number $((0x248)) 4) length=$(number $((0x24c)) 4)
  offset=$(((setup + 1) * 512 + offset))
  case $(od -An -v -j "$offset" -N 4 -t x1 "$image" | tr -d ' ') in
    fd377a58) unpack="xz -dc" ;;
    28b52ffd) unpack="zstd -dc" ;;
    1f8b*) unpack="gzip -dc" ;;
    *) echo "vm: $image is compressed in a way unknown here" >&2; return 1 ;;
  esac
  # The last four bytes are the unpacked size, not part of the stream.
  tail -c "+$((offset + 1))" "$image" 2>/dev/null | head -c $((length - 4)) | $unpack
}

vm_build_initramfs() (
  set -e
  work=$(mktemp -d "$vm_cache/initramfs.XXXXXX.tmp")
  trap 'rm -rf "$work"' EXIT
  version=$(cat "$vm_cache/version")
  tree=$vm_cache/modules/lib/modules/$version
  mkdir -p "$work"/{bin,dev,proc,sys,host,overlay,root,modules}
  cp "$(command -v busybox)" "$work/bin/busybox"
  cp "$vm_here/init" "$work/init"
  chmod 755 "$work/init"
  # modprobe names the files in the order to load them, dependencies first; none for what is built in.
  modprobe -d "$vm_cache/modules" -S "$version" --show-depends -a $vm_boot_modules | awk '$1 == "insmod" && !seen[$2]++ {print $2}' |
    while read -r file; do
      name=$(basename "${file%.xz}")
      case $file in *.xz) xz -dc "$file" >"$work/modules/$name" ;; *) cp "$file" "$work/modules/$name" ;; esac
      echo "$name" >>"$work/modules/order"
    done
  rm -f "$vm_cache"/initramfs-????????????????
  (cd "$work" && find . | busybox cpio -o -H newc) >"$1.tmp" 2>/dev/null
  mv "$1.tmp" "$1"
)
