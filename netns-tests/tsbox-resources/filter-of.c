/*
 * filter-of PID: the seccomp program that is in force for a process, as `struct sock_filter[]` on standard output; of several
 * the one installed last. Nothing when there is none. Needs CAP_SYS_ADMIN and CONFIG_CHECKPOINT_RESTORE.
 */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int main(int argc, char **argv) {
  static struct sock_filter program[4096];
  int pid = argc == 2 ? atoi(argv[1]) : 0;
  if (pid <= 0) return 2;
  if (ptrace(PTRACE_ATTACH, pid, 0, 0) < 0) return perror("PTRACE_ATTACH"), 1;
  if (waitpid(pid, NULL, __WALL) < 0) return perror("waitpid"), 1;
  long count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, program);
  int err = errno;
  ptrace(PTRACE_DETACH, pid, 0, 0);
  if (count < 0 && (err == EINVAL || err == ENOENT)) return 0; /* no filter */
  if (count < 0) return errno = err, perror("PTRACE_SECCOMP_GET_FILTER"), 1;
  return fwrite(program, sizeof program[0], (size_t)count, stdout) == (size_t)count ? 0 : 1;
}
