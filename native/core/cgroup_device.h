#ifndef TSNET_CGROUP_DEVICE_H
#define TSNET_CGROUP_DEVICE_H

#include "error.h"

#include <stdint.h>

/*
 * Loads a BPF_PROG_TYPE_CGROUP_DEVICE program (`length` bytes of struct bpf_insn) and attaches it to a cgroup v2 folder,
 * beside programs that are there (BPF_F_ALLOW_MULTI: all must agree). It goes when the cgroup is removed. EINVAL when the
 * length is not that of a program or the kernel's verifier does not like it.
 */
int cgroup_device_attach(const char *path, const uint8_t *program, size_t length, struct sys_error *error);

#endif
