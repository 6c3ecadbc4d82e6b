#ifndef TSNET_ENGINE_H
#define TSNET_ENGINE_H

/*
 * The plugins' engine: QuickJS, made from its WebAssembly module by wasm2c, with the heap of a bundle that has been
 * evaluated already (README.md).
 */

#include "quickjs.h" /* made by wasm2c */

#include "names.h" /* made by prepare.ts */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address in the engine's memory; 0 is NULL. A `ref` is the address of a JSValue. */
typedef uint32_t ref;

struct engine {
  struct quickjs_environment *environment;
  quickjs_instance instance;
  ref runtime, context;
  /* Functions of the bundle, see src/main/engine/entry.ts. */
  ref to_bytes, to_bigint, start;
};

extern struct engine engine;

/* memory.c */
enum { WASM_PAGE = 65536 };
void memory_init(void);
/* Makes `pages` of the memory accessible, and no fewer than there are. False when the system has no more. */
bool memory_resize(uint64_t pages);
uint32_t memory_pages(void);
uint8_t *memory_at(ref address);
/* Memory of the engine's own heap; ends the process when there is none. */
ref memory_new(size_t length);

/* heap.c: what was restored ends at `end`; the heap goes on behind it. */
void heap_restore(ref end);

/* snapshot.c */
void snapshot_write(const char *path, const char *base);
/* False when this executable has none behind it. */
bool snapshot_restore(void);

/* napi.c: the addon's functions (../addon) and the engine's own (own.c). Numbered first, in every process; */
void functions_number(void);
/* then made a global variable `native`, once, before the bundle is evaluated. */
void functions_install(void);

/* main.c */
_Noreturn void die(const char *what, const char *detail);

#endif
