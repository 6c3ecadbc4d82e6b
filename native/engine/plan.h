#ifndef TSNET_PLAN_H
#define TSNET_PLAN_H

#include "engine.h"

/*
 * Calls `evaluate` twice, in a process that is then dropped and in this one, and keeps what the second call has allocated in
 * one piece. Both have to do the same.
 */
void plan_twice(void (*evaluate)(const void *argument), const void *argument);
/* The address where the heap ends, which begins at HEAP_START. */
ref plan_end(void);

#endif
