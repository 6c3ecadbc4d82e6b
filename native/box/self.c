#include "self.h"

#include "mountapi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char exe[] = "/proc/self/exe";
static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/* Asked of the kernel, not of an argument or a variable, which anybody could set. */
static bool is_protected(void) {
  struct statvfs fs;
  int fd = open(exe, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  int sealed = fcntl(fd, F_GET_SEALS);
  bool result = (fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY) || (sealed >= 0 && (sealed & seals) == seals);
  close(fd);
  return result;
}

static int read_only_copy(struct sys_error *error) {
  int copy = mount_copy(AT_FDCWD, exe, false, error);
  if (copy < 0) return -1;
  if (mount_flags(copy, MS_RDONLY, 0, false, exe, error) == 0) return copy;
  close(copy);
  return -1;
}

static int sealed_copy(struct sys_error *error) {
  struct stat st;
  int from = open(exe, O_RDONLY | O_CLOEXEC), to = memfd_create("tsbox-mon", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (from < 0 || to < 0 || fstat(from, &st) < 0) return fail(error, "memfd_create", exe);
  off_t at = 0;
  while (at < st.st_size)
    if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0) return fail(error, "sendfile", exe);
  close(from);
  if (fchmod(to, 0500) < 0 || fcntl(to, F_ADD_SEALS, seals) < 0) return fail(error, "fcntl", exe);
  return to;
}

int self_protect(char **argv, char **env, struct sys_error *error) {
  if (is_protected()) return 0;
  int copy = read_only_copy(error);
  if (copy >= 0) syscall(SYS_execveat, copy, "", argv, env, AT_EMPTY_PATH);
  copy = sealed_copy(error);
  if (copy < 0) return -1;
  syscall(SYS_execveat, copy, "", argv, env, AT_EMPTY_PATH);
  return fail(error, "execveat", exe);
}
