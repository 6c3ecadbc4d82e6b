#ifndef TSNET_HEAP_H
#define TSNET_HEAP_H

#include "engine.h"

/*
 * The memory of QuickJS's own objects: pieces of some sizes in an area of their own, handed out one after the other, and again
 * when they were freed. Nothing is given back: a plugin is over in some milliseconds.
 */
enum {
  /* Addresses: the module's own malloc is below, */
  HEAP_START = 0x10000000,
  HEAP_END = 0x60000000,
  /* what is dropped when the executable is built comes next (plan.c), */
  DROPPED_END = 0x68000000,
  /* and what the C parts of the engine have is above (malloc.c). */
  NATIVE_END = 0x7fff0000,
  HEAP_FINE = 256,       /* sizes up to this one are multiples of 8, above it there are four for each doubling, */
  HEAP_KEPT = 1 << 30, /* and larger pieces are not handed out again */
  HEAP_CLASSES = HEAP_FINE / 8 + 1 + 4 * 22,
};

/* Before each piece. */
struct header {
  uint32_t capacity; /* bytes */
  uint32_t number;   /* while the executable is built: of all pieces, in the order in which they were asked for */
};

struct area {
  ref next, accessible, end;
  ref free[HEAP_CLASSES]; /* by size: the last piece freed; in it stands the one freed before */
};

struct area heap_area(ref start, ref end);
/* Zero when the system has no more memory. */
ref heap_take(struct area *from, uint32_t size);
void heap_give(struct area *to, ref piece);
struct header *heap_header(ref piece);

/* What a runtime calls for memory (struct JSMallocFunctions in quickjs.h), as functions of the module. */
struct heap_functions {
  u32 (*make)(void *module, u32 state, u32 size);
  void (*free)(void *module, u32 state, u32 piece);
};
/* Makes a runtime that has not allocated anything yet, or one whose memory was restored, call these. */
void heap_install(ref runtime, struct heap_functions functions);
/* The same for runtimes that will be made. */
void heap_install_all(struct heap_functions functions);

#endif
