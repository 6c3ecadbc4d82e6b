#ifndef TSBOX_ROOT_H
#define TSBOX_ROOT_H

#include "config.h"

/*
 * Makes the container's file system and goes into it: runs in the container's first process, in its new mount namespace, after
 * the other namespaces are its own (so that proc, sysfs, mqueue show those). All targets are resolved beneath the root's
 * descriptor (beneath.h). Sysctls are written on the way, through a proc file system of our own.
 *
 * `sync` is for warnings and the terminal (report.h). With OPTION_TERMINAL `*terminal` is the slave side.
 */
int root_enter(const struct config *config, int sync, int *terminal, struct sys_error *error);

#endif
