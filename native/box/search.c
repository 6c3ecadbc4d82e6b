#include "search.h"

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 when it can be executed, else errno. */
static int probe(const char *path) {
  struct stat st;
  if (stat(path, &st) < 0) return errno;
  if (!S_ISREG(st.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static const char *variable(char *const *env, const char *name) {
  size_t length = strlen(name);
  for (; *env != NULL; env++)
    if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') return *env + length + 1;
  return NULL;
}

static int not_found(int err, const char *name, struct sys_error *error) {
  fail_with(error, "execve", err, name);
  return err == ENOENT || err == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

int search_program(const char *name, char *const *env, char program[PATH_MAX], struct sys_error *error) {
  if (strchr(name, '/') != NULL) {
    if ((size_t)snprintf(program, PATH_MAX, "%s", name) >= PATH_MAX) return not_found(ENAMETOOLONG, name, error);
    int err = probe(program);
    return err == 0 ? 0 : not_found(err, name, error);
  }
  const char *path = variable(env, "PATH");
  if (path == NULL) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  int denied = 0;
  for (;;) {
    size_t length = strcspn(path, ":");
    /* An empty entry is the working folder: what a container's files put there is not meant by a bare name. */
    if (length > 0 && (size_t)snprintf(program, PATH_MAX, "%.*s/%s", (int)length, path, name) < PATH_MAX) {
      int err = probe(program);
      if (err == 0) return 0;
      if (err != ENOENT && err != ENOTDIR) denied = err;
    }
    if (path[length] == '\0') break;
    path += length + 1;
  }
  return not_found(denied != 0 ? denied : ENOENT, name, error);
}
