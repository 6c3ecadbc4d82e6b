#include "cgroup_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_INSTRUCTIONS = 1000000 }; /* BPF_COMPLEXITY_LIMIT_INSNS */

static int bpf(int command, union bpf_attr *attr) {
  return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static int load(const uint8_t *program, size_t length) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = (uint64_t)(uintptr_t)program;
  attr.insn_cnt = (uint32_t)(length / sizeof(struct bpf_insn));
  attr.license = (uint64_t)(uintptr_t)"Apache-2.0";
  int fd = bpf(BPF_PROG_LOAD, &attr);
  /* EAGAIN: the verifier was interrupted by a signal. */
  for (int tries = 0; fd < 0 && errno == EAGAIN && tries < 5; tries++) fd = bpf(BPF_PROG_LOAD, &attr);
  return fd;
}

int cgroup_device_attach(const char *path, const uint8_t *program, size_t length, struct sys_error *error) {
  if (length == 0 || length % sizeof(struct bpf_insn) != 0 || length / sizeof(struct bpf_insn) > MAX_INSTRUCTIONS)
    return fail_with(error, "bpf", EINVAL, path);
  int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return fail(error, "open", path);
  int result = 0;
  int loaded = load(program, length);
  if (loaded < 0) {
    result = fail(error, "bpf", path);
  } else {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t)cgroup;
    attr.attach_bpf_fd = (uint32_t)loaded;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, &attr) < 0) result = fail(error, "bpf", path);
    close(loaded);
  }
  close(cgroup);
  return result;
}
