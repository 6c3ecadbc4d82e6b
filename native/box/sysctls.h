#ifndef TSBOX_SYSCTLS_H
#define TSBOX_SYSCTLS_H

#include "config.h"

/* Writes the SYSCTLs, through a proc file system made for it, which nobody else can have put anything in. */
int sysctls_write(const struct config *config, struct sys_error *error);

#endif
