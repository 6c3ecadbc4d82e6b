#ifndef TSNET_LOCK_H
#define TSNET_LOCK_H

#include "error.h"

#include <stdint.h>

/*
 * flock(2) LOCK_EX on a file that is made if absent (0600). Returns the descriptor; closing it gives the lock up. ETIMEDOUT
 * after `timeout_ms` (negative: never). Waiters are served in the kernel's order, first come first. Whoever holds the lock may
 * unlink the file: those who wait for it then take that of the new file of its name.
 */
int lock_file(const char *path, int64_t timeout_ms, struct sys_error *error);

#endif
