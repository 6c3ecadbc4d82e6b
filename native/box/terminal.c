#include "terminal.h"

#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

static const char ptmx[] = "/dev/pts/ptmx";

/* 5:2 of a devpts (Documentation/admin-guide/devices.txt). */
static int open_ptmx(int root, struct sys_error *error) {
  int place = beneath_open(root, ptmx, 0, BENEATH_NO_LINKS, error);
  if (place < 0) return -1;
  struct stat st;
  struct statfs fs;
  char path[32];
  int fd = -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", place);
  if (fstat(place, &st) < 0 || fstatfs(place, &fs) < 0) fail(error, "stat", ptmx);
  else if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) || fs.f_type != DEVPTS_SUPER_MAGIC)
    fail_with(error, "open", ENODEV, ptmx);
  else if ((fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) fail(error, "open", ptmx);
  close(place);
  return fd;
}

int terminal_open(int root, uint64_t rows, uint64_t columns, int *master, int *slave, struct sys_error *error) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  int unlock = 0;
  *master = open_ptmx(root, error);
  if (*master < 0) return -1;
  if (ioctl(*master, TIOCSPTLCK, &unlock) == 0 && (rows == 0 || ioctl(*master, TIOCSWINSZ, &size) == 0) &&
      (*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0)
    return 0;
  fail(error, "ioctl", ptmx);
  close(*master);
  return -1;
}

int terminal_take(int slave, struct sys_error *error) {
  if (ioctl(slave, TIOCSCTTY, 0) < 0) return fail(error, "ioctl", "TIOCSCTTY");
  for (int fd = 0; fd < 3; fd++)
    if (dup2(slave, fd) < 0) return fail(error, "dup2", "terminal");
  return 0;
}
