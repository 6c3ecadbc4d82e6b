#ifndef TSBOX_SELF_H
#define TSBOX_SELF_H

#include "error.h"

/*
 * Makes sure that this program's file cannot be written by whoever meets one of its processes inside a container (CVE-2019-5736:
 * /proc/PID/exe leads to it): executes it again from a copy of its mount that is read-only and hangs nowhere, so the page
 * cache is still shared; where the kernel cannot do that (before Linux 5.12), from a sealed memory file. Returns when that is
 * so already.
 */
int self_protect(char **argv, char **env, struct sys_error *error);

#endif
