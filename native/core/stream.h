#ifndef TSNET_STREAM_H
#define TSNET_STREAM_H

#include "bytes.h"
#include "error.h"

/* Reads `fd` to its end, waiting out EAGAIN with poll(2). EFBIG when there are more than `max` bytes. */
int read_all(int fd, size_t max, struct bytes *out, const char *path, struct sys_error *error);
/* Writes everything, waiting out EAGAIN with poll(2). SIGPIPE is the caller's business (Bun and Node ignore it). */
int write_all(int fd, const uint8_t *data, size_t length, const char *path, struct sys_error *error);

#endif
