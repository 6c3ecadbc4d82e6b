#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int fail(struct sys_error *error, const char *op, const char *path) {
  return fail_with(error, op, errno, path);
}

int fail_with(struct sys_error *error, const char *op, int err, const char *path) {
  error->op = op;
  error->err = err;
  size_t length = path == NULL ? 0 : strnlen(path, sizeof error->path - 1);
  if (length > 0) memmove(error->path, path, length);
  error->path[length] = '\0';
  return -1;
}

void error_message(const struct sys_error *error, char *out, size_t size) {
  const char *words = errwords(error->err);
  if (error->path[0] == '\0')
    snprintf(out, size, "%s: %s: %s", error->op, errname(error->err), words);
  else
    snprintf(out, size, "%s \"%s\": %s: %s", error->op, error->path, errname(error->err), words);
}
