/*
 * The engine's linear memory: 8 GiB of address space, so that no 32-bit address with a 32-bit offset leaves it, of which
 * the first pages and the heap (heap.h) are accessible. The rest faults (main.c says so and ends the process).
 */
#include "heap.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { INITIAL_PAGES = 256, MAX_PAGES = HEAP_START / WASM_PAGE };
static const size_t RESERVED = (size_t)8 << 30;

static wasm_rt_memory_t memory;

wasm_rt_memory_t *env_memory(struct quickjs_environment *environment) {
  (void)environment;
  return &memory;
}

void memory_init(void) {
  void *start = mmap(NULL, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) die("cannot reserve 8 GiB of address space (is RLIMIT_AS set?)", "mmap");
  memory.data = start;
  /* The code reaches the memory through %gs (build.sh), which nothing else in a process uses. */
  if (syscall(SYS_arch_prctl, ARCH_SET_GS, start) < 0) die("cannot set the gs register", "arch_prctl");
  memory.max_pages = MAX_PAGES;
  memory.size = UINT32_MAX; /* no check of its own: what is not accessible faults */
  if (!memory_resize(INITIAL_PAGES)) die("out of memory", "mprotect");
}

bool memory_resize(uint64_t pages) {
  if (pages > MAX_PAGES) return false;
  if (pages <= memory.pages) return true;
  uint8_t *end = memory.data + (size_t)memory.pages * WASM_PAGE;
  if (mprotect(end, (size_t)(pages - memory.pages) * WASM_PAGE, PROT_READ | PROT_WRITE) < 0) return false;
  memory.pages = (uint32_t)pages;
  return true;
}

uint32_t memory_pages(void) {
  return memory.pages;
}

uint8_t *memory_at(ref address) {
  return memory.data + address;
}

ref memory_new(size_t length) {
  ref address = length > INT32_MAX ? 0 : quickjs_malloc(&engine.instance, (u32)(length == 0 ? 1 : length));
  if (address == 0) die("out of memory", "malloc");
  return address;
}
