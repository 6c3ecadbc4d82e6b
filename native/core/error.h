#ifndef TSNET_ERROR_H
#define TSNET_ERROR_H

#include <limits.h>
#include <stddef.h>

/*
 * How every function of the core fails: it returns -1 and says which operation failed, why, and on which file.
 * Functions of the core never print, never exit and keep no global state about errors.
 */
struct sys_error {
  const char *op; /* name of the system call, a string constant */
  int err;        /* positive errno */
  char path[PATH_MAX]; /* "" where it is about no file */
};

/* Fills `error` from errno; `path` may be NULL. Always returns -1, so that callers can `return fail(...)`. */
int fail(struct sys_error *error, const char *op, const char *path);
/* The same with an errno of our own choice. */
int fail_with(struct sys_error *error, const char *op, int err, const char *path);

/* Symbolic name of an errno: "ENOENT"; "EUNKNOWN" when there is none. */
const char *errname(int err);
/* What strerror(3) says of it. */
const char *errwords(int err);
/* `op "path": ENOENT: No such file or directory`, cut to `size`. */
void error_message(const struct sys_error *error, char *out, size_t size);

#endif
