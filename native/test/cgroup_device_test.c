#include "check.h"
#include "cgroup_device.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

/* r0 = 1; exit */
static const struct bpf_insn allow[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
    {.code = BPF_JMP | BPF_EXIT},
};
static const uint8_t *const program = (const uint8_t *)allow;

static void what_is_no_program_is_einval(void) {
  struct sys_error error;
  static const size_t lengths[] = {0, 1, 7, 9, sizeof allow - 1};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    CHECK(cgroup_device_attach("/tmp", program, lengths[i], &error) == -1);
    CHECK(error.err == EINVAL && strcmp(error.op, "bpf") == 0 && strcmp(error.path, "/tmp") == 0);
  }
}

static void a_folder_that_is_not_there_is_enoent(void) {
  struct sys_error error;
  CHECK(cgroup_device_attach("/proc/nonexistent", program, sizeof allow, &error) == -1);
  CHECK(error.err == ENOENT && strcmp(error.op, "open") == 0);
  CHECK(cgroup_device_attach("/dev/null", program, sizeof allow, &error) == -1);
  CHECK(error.err == ENOTDIR);
}

static void a_folder_that_is_no_cgroup_is_refused_by_the_kernel(void) {
  struct sys_error error;
  CHECK(cgroup_device_attach("/tmp", program, sizeof allow, &error) == -1);
  CHECK(strcmp(error.op, "bpf") == 0 && (error.err == EBADF || error.err == EPERM || error.err == ENOSYS));
}

int main(void) {
  RUN(what_is_no_program_is_einval);
  RUN(a_folder_that_is_not_there_is_enoent);
  RUN(a_folder_that_is_no_cgroup_is_refused_by_the_kernel);
  return report();
}
