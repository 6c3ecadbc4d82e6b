#ifndef TSNET_BYTES_H
#define TSNET_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* A growing piece of memory. Starts as all zero; `bytes_free` at the end, also after an error. */
struct bytes {
  uint8_t *data;
  size_t length;
  size_t capacity;
};

/* Makes room for `more` bytes after `length`. -1 when there is no memory (errno ENOMEM). */
int bytes_reserve(struct bytes *bytes, size_t more);
void bytes_free(struct bytes *bytes);

#endif
