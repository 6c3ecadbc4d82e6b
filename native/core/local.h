#ifndef TSNET_LOCAL_H
#define TSNET_LOCAL_H

#include "bytes.h"
#include "error.h"

/* Connects to a daemon's stream socket in the file system (unix(7)); never blocks. EAGAIN when its queue is full. */
int local_connect(const char *path, struct sys_error *error);
/* What has come, at most `max` bytes; none at the end of the stream. ETIMEDOUT after `timeout_ms` (-1 waits for ever). */
int local_receive(int fd, size_t max, int64_t timeout_ms, struct bytes *out, struct sys_error *error);

#endif
