#ifndef TSBOX_RIGHTS_H
#define TSBOX_RIGHTS_H

#include "config.h"
#include "user.h"

/*
 * Who the program is and what it may. In two halves, since a filter without no_new_privs needs CAP_SYS_ADMIN to be installed, and
 * since one should judge as little of our own work as possible: `rights_drop` changes user and leaves just what is meant (and
 * CAP_SYS_ADMIN, if the second half needs it); `rights_finish` installs the filter and takes that away. After the filter there
 * are only capset(2), prctl(2) and execve(2).
 */
int rights_drop(const struct config *config, const struct user *user, int sync, struct sys_error *error);
int rights_finish(const struct config *config, struct sys_error *error);

int rlimits_set(const struct config *config, int sync, struct sys_error *error);

#endif
