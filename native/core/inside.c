#include "inside.h"

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the container's root, however often somebody renames something below it. */
enum { RETRIES = 64 };

/* O_PATH: what it is can be asked without opening it, which does something to a device. */
static int open_inside(int root, const char *path) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  long fd = -1;
  for (int tries = 0; tries < RETRIES; tries++) {
    fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return (int)fd;
}

static int read_it(int place, size_t max, struct bytes *out, const char *path, struct sys_error *error) {
  struct statx st;
  if (statx(place, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0) return fail(error, "statx", path);
  if (!S_ISREG(st.stx_mode)) return fail_with(error, "openat2", EINVAL, path);
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", place);
  int fd = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(error, "open", path);
  int result = read_all(fd, max, out, path, error);
  close(fd);
  return result;
}

int file_read_inside(const char *root, const char *path, size_t max, struct bytes *out, struct sys_error *error) {
  int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return fail(error, "open", root);
  int place = open_inside(folder, path);
  int result = place < 0 ? fail(error, "openat2", path) : read_it(place, max, out, path, error);
  if (place >= 0) close(place);
  close(folder);
  return result;
}
