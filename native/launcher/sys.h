#ifndef TSNET_LAUNCHER_SYS_H
#define TSNET_LAUNCHER_SYS_H

/* The system calls the launcher needs, without a C library: x86-64, results as the kernel gives them (-errno). */

#include <asm/stat.h>
#include <asm/unistd.h>

static inline long sys4(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

static inline long sys_open(const char *path, int flags) {
  return sys4(__NR_open, (long)path, flags, 0, 0);
}

static inline long sys_close(int fd) {
  return sys4(__NR_close, fd, 0, 0, 0);
}

static inline long sys_read(int fd, void *data, unsigned long length) {
  return sys4(__NR_read, fd, (long)data, (long)length, 0);
}

static inline long sys_write(int fd, const void *data, unsigned long length) {
  return sys4(__NR_write, fd, (long)data, (long)length, 0);
}

static inline long sys_fcntl(int fd, int command) {
  return sys4(__NR_fcntl, fd, command, 0, 0);
}

static inline long sys_stat(const char *path, struct stat *out) {
  return sys4(__NR_stat, (long)path, (long)out, 0, 0);
}

static inline long sys_getcwd(char *out, unsigned long size) {
  return sys4(__NR_getcwd, (long)out, (long)size, 0, 0);
}

static inline long sys_chdir(const char *path) {
  return sys4(__NR_chdir, (long)path, 0, 0, 0);
}

static inline long sys_readlink(const char *path, char *out, unsigned long size) {
  return sys4(__NR_readlink, (long)path, (long)out, (long)size, 0);
}

static inline long sys_geteuid(void) {
  return sys4(__NR_geteuid, 0, 0, 0, 0);
}

static inline long sys_execve(const char *path, char *const *argv, char *const *envp) {
  return sys4(__NR_execve, (long)path, (long)argv, (long)envp, 0);
}

static inline _Noreturn void sys_exit(int status) {
  for (;;) sys4(__NR_exit_group, status, 0, 0, 0);
}

#endif
