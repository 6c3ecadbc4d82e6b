#include "bytes.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * Room for the kernel's usual answers is kept for the next one: a C library gives pieces of this size back to the system,
 * and each page of it has to be made again.
 */
enum { KEPT = 512 << 10, WORTH_IT = 64 << 10 };
static _Atomic(uint8_t *) kept;

int bytes_reserve(struct bytes *bytes, size_t more) {
  if (more > SIZE_MAX / 4 || bytes->length > SIZE_MAX / 4) {
    errno = ENOMEM;
    return -1;
  }
  size_t needed = bytes->length + more;
  if (needed <= bytes->capacity) return 0;
  if (bytes->data == NULL && needed >= WORTH_IT && needed <= KEPT) {
    bytes->data = atomic_exchange(&kept, NULL);
    if (bytes->data == NULL) bytes->data = malloc(KEPT);
    if (bytes->data == NULL) return -1;
    bytes->capacity = KEPT;
    return 0;
  }
  size_t capacity = needed > bytes->capacity * 2 ? needed : bytes->capacity * 2;
  uint8_t *data = realloc(bytes->data, capacity);
  if (data == NULL) return -1; /* errno is ENOMEM */
  bytes->data = data;
  bytes->capacity = capacity;
  return 0;
}

void bytes_free(struct bytes *bytes) {
  uint8_t *none = NULL;
  if (bytes->capacity != KEPT || !atomic_compare_exchange_strong(&kept, &none, bytes->data)) free(bytes->data);
  *bytes = (struct bytes){0};
}
