#include "heap.h"

#include <string.h>
#include <sys/mman.h>

#define Q (&engine.instance)

enum { STEP = 1 << 20 };

static struct area heap;
static struct heap_functions installed;

struct area heap_area(ref start, ref end) {
  return (struct area){.next = start, .accessible = start & ~(ref)4095, .end = end};
}

struct header *heap_header(ref piece) {
  return (struct header *)memory_at(piece - (ref)sizeof(struct header));
}

/* What a piece for `size` bytes holds, and its class; HEAP_CLASSES for those that are not handed out again. */
static uint32_t capacity_for(uint32_t size, uint32_t *class) {
  if (size <= HEAP_FINE) {
    *class = (size + 7) / 8;
    return *class * 8;
  }
  if (size > HEAP_KEPT) {
    *class = HEAP_CLASSES;
    return (size + 7) & ~7u;
  }
  uint32_t doubling = 31 - (uint32_t)__builtin_clz(size - 1); /* 2^doubling < size <= 2^(doubling + 1) */
  uint32_t quarter = (1u << doubling) / 4, quarters = (size - (1u << doubling) + quarter - 1) / quarter;
  *class = HEAP_FINE / 8 + (doubling - 8) * 4 + quarters;
  return (1u << doubling) + quarters * quarter;
}

ref heap_take(struct area *from, uint32_t size) {
  if (size == 0) size = 1; /* a free piece has to hold a reference */
  if (size > HEAP_END) return 0; /* more than there is of any area; near 2^32 the sums below would be too large */
  uint32_t class, capacity = capacity_for(size, &class);
  if (class < HEAP_CLASSES && from->free[class] != 0) {
    ref piece = from->free[class];
    memcpy(&from->free[class], memory_at(piece), sizeof(ref));
    return piece;
  }
  uint64_t end = (uint64_t)from->next + sizeof(struct header) + capacity;
  if (end > from->accessible) {
    uint64_t wanted = (end + STEP - 1) / STEP * STEP;
    if (wanted > from->end) return 0;
    if (mprotect(memory_at(from->accessible), wanted - from->accessible, PROT_READ | PROT_WRITE) < 0) return 0;
    from->accessible = (ref)wanted;
  }
  ref piece = from->next + (ref)sizeof(struct header);
  from->next = (ref)end;
  heap_header(piece)->capacity = capacity;
  return piece;
}

void heap_give(struct area *to, ref piece) {
  uint32_t class;
  capacity_for(heap_header(piece)->capacity, &class);
  if (class == HEAP_CLASSES) return;
  memcpy(memory_at(piece), &to->free[class], sizeof(ref));
  to->free[class] = piece;
}

static u32 make(void *module, u32 state, u32 size) {
  (void)module, (void)state;
  return heap_take(&heap, size);
}

static void unmake(void *module, u32 state, u32 piece) {
  (void)module, (void)state;
  if (piece != 0) heap_give(&heap, piece);
}

static u32 resize(void *module, u32 state, u32 piece, u32 size) {
  if (piece == 0) return size == 0 ? 0 : installed.make(module, state, size);
  if (size == 0) {
    installed.free(module, state, piece);
    return 0;
  }
  uint32_t had = heap_header(piece)->capacity;
  if (size <= had) return piece;
  ref larger = installed.make(module, state, size);
  if (larger == 0) return 0;
  memcpy(memory_at(larger), memory_at(piece), had);
  installed.free(module, state, piece);
  return larger;
}

static u32 capacity(void *module, u32 piece) {
  (void)module;
  return piece == 0 ? 0 : heap_header(piece)->capacity;
}

/* A runtime begins with its four functions, as places in the module's table; these are the same for all runtimes. */
void heap_install(ref runtime, struct heap_functions functions) {
  installed = functions;
  const wasm_rt_function_ptr_t ours[] = {(wasm_rt_function_ptr_t)functions.make, (wasm_rt_function_ptr_t)functions.free,
                                         (wasm_rt_function_ptr_t)resize, (wasm_rt_function_ptr_t)capacity};
  uint32_t places[sizeof ours / sizeof ours[0]];
  memcpy(places, memory_at(runtime), sizeof places);
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    if (places[i] >= Q->w2c_T0.size) die("a runtime does not begin with its memory's functions", "heap");
    Q->w2c_T0.data[places[i]].func = ours[i];
  }
}

void heap_restore(ref end) {
  heap = heap_area((end + 4095) & ~(ref)4095, HEAP_END);
  heap_install(engine.runtime, (struct heap_functions){make, unmake});
}
