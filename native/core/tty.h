#ifndef TSNET_TTY_H
#define TSNET_TTY_H

#include "bytes.h"
#include "error.h"

#include <stdint.h>

/* 1 and the size of the terminal, 0 when `fd` is none. */
int tty_size(int fd, uint16_t *rows, uint16_t *columns, struct sys_error *error);
/* Makes a terminal raw (cfmakeraw(3)): every byte passes as it is. What it was before is appended to `before`. */
int tty_raw(int fd, struct bytes *before, struct sys_error *error);
/* Gives a terminal back what `tty_raw` found. EINVAL for anything else. */
int tty_restore(int fd, const uint8_t *before, size_t length, struct sys_error *error);

#endif
