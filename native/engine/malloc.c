/*
 * malloc(3) for the C parts of the engine: musl's own gives a piece back to the system as soon as it is freed, which costs a
 * page fault the next time. For one thread.
 */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16 };

static struct area area;

/* A piece begins at a multiple of 8; what a program gets begins at the next multiple of 16 that leaves room for this. */
struct place {
  ref piece;
  uint32_t capacity; /* bytes from the program's first */
};

static struct place *place_of(void *data) {
  return (struct place *)data - 1;
}

static void *take(size_t size) {
  if (area.end == 0) area = heap_area(DROPPED_END, NATIVE_END);
  ref piece = size > NATIVE_END - DROPPED_END ? 0 : heap_take(&area, (uint32_t)(size + sizeof(struct place) + ALIGN));
  if (piece == 0) {
    errno = ENOMEM;
    return NULL;
  }
  ref data = (piece + (ref)sizeof(struct place) + ALIGN - 1) & ~(ref)(ALIGN - 1);
  *place_of(memory_at(data)) = (struct place){piece, piece + heap_header(piece)->capacity - data};
  return memory_at(data);
}

void *malloc(size_t size) {
  return take(size);
}

void free(void *data) {
  if (data != NULL) heap_give(&area, place_of(data)->piece);
}

void *calloc(size_t count, size_t size) {
  size_t whole;
  if (__builtin_mul_overflow(count, size, &whole)) whole = SIZE_MAX;
  void *data = take(whole); /* of malloc and memset the compiler would make calloc */
  return data == NULL ? NULL : memset(data, 0, whole);
}

void *realloc(void *data, size_t size) {
  if (data == NULL) return malloc(size);
  size_t had = place_of(data)->capacity;
  if (size <= had) return data;
  void *larger = malloc(size);
  if (larger == NULL) return NULL;
  memcpy(larger, data, had);
  free(data);
  return larger;
}
