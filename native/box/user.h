#ifndef TSBOX_USER_H
#define TSBOX_USER_H

#include "error.h"

#include <sys/types.h>

enum { USER_MAX_GROUPS = 256 };

struct user {
  uid_t uid;
  gid_t gid;
  size_t count;
  gid_t groups[USER_MAX_GROUPS]; /* supplementary */
  char home[PATH_MAX];           /* "/" where passwd says none */
};

/*
 * Who `-u` means: `name`, `uid`, `name:group`, `uid:gid`, "" for root. Looked up in passwd(5) and group(5) files that may be
 * absent; strict numbers (crun's CVE-2026-30892): `12x` is a name. Without a group in `spec` the user gets those it is a member
 * of. ENOENT when a name is in no file.
 */
int user_find(const char *spec, const char *passwd, const char *group, struct user *user, struct sys_error *error);

#endif
