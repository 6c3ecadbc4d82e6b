#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool proc_read(const char *path, char *out, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, out, size - 1);
  close(fd);
  if (got < 0) return false;
  if (got > 0 && out[got - 1] == '\n') got--;
  out[got] = '\0';
  return true;
}

int proc_write(const char *path, const char *text, struct sys_error *error) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fail(error, "open", path);
  ssize_t put = write(fd, text, strlen(text));
  int err = errno;
  close(fd);
  errno = err;
  return put < 0 ? fail(error, "write", path) : 0;
}

uint64_t proc_parse_starttime(const char *stat) {
  const char *at = strrchr(stat, ')');
  if (at == NULL) return 0;
  /* After the name come fields 3, 4, …; each begins after one blank. */
  for (int field = 2; field < 22; field++) {
    at = strchr(at, ' ');
    if (at == NULL) return 0;
    at++;
  }
  return strtoull(at, NULL, 10);
}

uint64_t proc_starttime(pid_t pid) {
  char path[64], stat[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return proc_read(path, stat, sizeof stat) ? proc_parse_starttime(stat) : 0;
}
