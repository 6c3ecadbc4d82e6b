#include "sysctls.h"

#include "mountapi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `net.ipv4.ip_forward`; where the key has a slash it is a path already, as sysctl(8) has it: `net/ipv4/conf/eth0.5/…`. */
static void key_path(const char *key, char *out, size_t size) {
  bool dots = strchr(key, '/') == NULL;
  size_t length = (size_t)snprintf(out, size, "sys/%s", key);
  if (dots)
    for (size_t i = 0; i < length && i < size; i++)
      if (out[i] == '.') out[i] = '/';
}

static int write_one(int proc, const char *key, const char *value, struct sys_error *error) {
  char path[512];
  key_path(key, path, sizeof path);
  int fd = openat(proc, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return fail(error, "sysctl", key);
  size_t length = strlen(value);
  ssize_t put = write(fd, value, length);
  int err = put < 0 ? errno : EIO;
  close(fd);
  return put == (ssize_t)length ? 0 : fail_with(error, "sysctl", err, key);
}

int sysctls_write(const struct config *config, struct sys_error *error) {
  struct record record;
  size_t at = 0;
  if (!config_next(config, TAG_SYSCTL, &at, &record)) return 0;
  int proc = mount_new("proc", "proc", "", 0, "proc", error);
  if (proc < 0) return -1;
  int result = 0;
  do result = write_one(proc, record.string[0], record.string[1], error);
  while (result == 0 && config_next(config, TAG_SYSCTL, &at, &record));
  close(proc);
  return result;
}
