#ifndef TSNET_LOCK_H
#define TSNET_LOCK_H

#include "error.h"

#include <stdint.h>

/*
 * flock(2) LOCK_EX on a file that is made if absent (0600) and never unlinked. Returns the descriptor; closing it gives the
 * lock up. ETIMEDOUT after `timeout_ms` (negative: never). Waiters are served in the kernel's order, first come first.
 */
int lock_file(const char *path, int64_t timeout_ms, struct sys_error *error);

#endif
