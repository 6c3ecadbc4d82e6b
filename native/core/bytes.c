#include "bytes.h"

#include <errno.h>
#include <stdlib.h>

int bytes_reserve(struct bytes *bytes, size_t more) {
  if (more > SIZE_MAX / 4 || bytes->length > SIZE_MAX / 4) {
    errno = ENOMEM;
    return -1;
  }
  size_t needed = bytes->length + more;
  if (needed <= bytes->capacity) return 0;
  size_t capacity = needed > bytes->capacity * 2 ? needed : bytes->capacity * 2;
  uint8_t *data = realloc(bytes->data, capacity);
  if (data == NULL) return -1; /* errno is ENOMEM */
  bytes->data = data;
  bytes->capacity = capacity;
  return 0;
}

void bytes_free(struct bytes *bytes) {
  free(bytes->data);
  *bytes = (struct bytes){0};
}
