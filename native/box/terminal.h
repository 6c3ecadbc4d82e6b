#ifndef TSBOX_TERMINAL_H
#define TSBOX_TERMINAL_H

#include "error.h"

#include <stdint.h>

/*
 * A new terminal of the devpts that is mounted at /dev/pts beneath `root`; nothing that the container could have put there
 * instead is opened (CVE-2025-52565: the slave is had by TIOCGPTPEER, never by path). Both ends CLOEXEC.
 */
int terminal_open(int root, uint64_t rows, uint64_t columns, int *master, int *slave, struct sys_error *error);
/* Makes it the controlling terminal of this session and its standard streams. */
int terminal_take(int slave, struct sys_error *error);

#endif
