#include "cgroups.h"

#include "proc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Opens the folder of a file `…/cgroup.procs`; `*type` is that of its file system. */
static int open_folder(const char *path, long *type) {
  char folder[PATH_MAX];
  struct statfs fs;
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
  int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  *type = fd >= 0 && fstatfs(fd, &fs) == 0 ? (long)fs.f_type : 0;
  return fd;
}

int cgroups_open_v2(const struct config *config, enum tag tag, int *index) {
  struct record record;
  long type;
  *index = 0;
  for (size_t at = 0; config_next(config, tag, &at, &record); ++*index) {
    int fd = open_folder(record.string[0], &type);
    if (type == CGROUP2_SUPER_MAGIC) return fd;
    if (fd >= 0) close(fd);
  }
  *index = -1;
  return -1;
}

static int join(const char *path, struct sys_error *error) {
  char tasks[PATH_MAX];
  long type;
  int fd = open_folder(path, &type);
  if (fd >= 0) close(fd);
  if (type != CGROUP_SUPER_MAGIC) return proc_write(path, "0", error);
  if (snprintf(tasks, sizeof tasks, "%.*s/tasks", (int)(strrchr(path, '/') - path), path) >= (int)sizeof tasks)
    return proc_write(path, "0", error);
  return proc_write(tasks, "0", error);
}

int cgroups_join(const struct config *config, enum tag tag, int except, struct sys_error *error) {
  struct record record;
  int index = 0;
  for (size_t at = 0; config_next(config, tag, &at, &record); index++)
    if (index != except && join(record.string[0], error) < 0) return -1;
  return 0;
}
