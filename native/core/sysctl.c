#include "sysctl.h"

#include "netns.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_VALUE = 64 * 1024 };

struct access {
  char path[PATH_MAX];
  const char *value; /* NULL: read */
  struct bytes *out;
};

/* No empty, "." or ".." part: `key` comes from config, with an interface's name in it. */
static bool is_key(const char *key) {
  for (;;) {
    size_t part = strcspn(key, "/");
    if (part == 0 || (part == 1 && key[0] == '.') || (part == 2 && key[0] == '.' && key[1] == '.')) return false;
    if (key[part] == '\0') return true;
    key += part + 1;
  }
}

static int work(void *argument, struct sys_error *error) {
  struct access *access = argument;
  int flags = access->value == NULL ? O_RDONLY : O_WRONLY;
  int fd = open(access->path, flags | O_CLOEXEC);
  if (fd < 0) return fail(error, "open", access->path);
  int result = 0;
  if (access->value == NULL)
    result = read_all(fd, MAX_VALUE, access->out, access->path, error);
  else {
    /* One write: the kernel parses each write as a value of its own. */
    size_t length = strlen(access->value);
    ssize_t put = write(fd, access->value, length);
    if (put < 0)
      result = fail(error, "write", access->path);
    else if ((size_t)put != length)
      result = fail_with(error, "write", EINVAL, access->path);
  }
  close(fd);
  return result;
}

static int run(int netns, bool own_thread, const char *key, struct access *access, struct sys_error *error) {
  int length = snprintf(access->path, sizeof access->path, "/proc/sys/%s", key);
  if (!is_key(key)) return fail_with(error, "open", EINVAL, access->path);
  if (length < 0 || (size_t)length >= sizeof access->path) return fail_with(error, "open", ENAMETOOLONG, access->path);
  return netns_run(netns, own_thread, work, access, error);
}

int sysctl_get(int netns, bool own_thread, const char *key, struct bytes *out, struct sys_error *error) {
  struct access access = {.out = out};
  if (run(netns, own_thread, key, &access, error) < 0) return -1;
  while (out->length > 0 && out->data[out->length - 1] == '\n') out->length--;
  return 0;
}

int sysctl_set(int netns, bool own_thread, const char *key, const char *value, struct sys_error *error) {
  struct access access = {.value = value};
  return run(netns, own_thread, key, &access, error);
}
