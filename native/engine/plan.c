/*
 * Where the pieces of a heap lie that is being built. The bundle is evaluated twice, in two processes: the first one tells which
 * pieces are still in use at the end. The second one puts these side by side, small ones first, and all others where they are
 * dropped: parsing leaves ten times as many behind as it keeps.
 *
 * A process that has the heap then touches half as many pages. Small pieces are objects, written to for their reference
 * counts; large ones are code, and only read.
 */
#include "plan.h"

#include "heap.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define Q (&engine.instance)

enum { SMALL = 96, MAX_PIECES = 1 << 22 };

static struct plan {
  uint64_t small; /* bytes that all small ones take */
  uint32_t pieces, kept;
  bool keep[MAX_PIECES]; /* by number */
} *plan;

static bool second;
static uint32_t pieces, alive; /* asked for so far; in use */
static struct area small, large, dropped;

static u32 make(void *module, u32 state, u32 size) {
  (void)module, (void)state;
  if (pieces == MAX_PIECES) die("the bundle is too large", "plan");
  struct area *from = !second || !plan->keep[pieces] ? &dropped : size <= SMALL ? &small : &large;
  ref piece = heap_take(from, size);
  if (piece == 0) return 0;
  heap_header(piece)->number = pieces;
  if (!second) {
    plan->keep[pieces] = true;
    if (size <= SMALL) plan->small += sizeof(struct header) + heap_header(piece)->capacity;
  }
  pieces++;
  alive++;
  return piece;
}

static void unmake(void *module, u32 state, u32 piece) {
  (void)module, (void)state;
  if (piece == 0) return;
  const struct header *header = heap_header(piece);
  if (second && piece < HEAP_END) die("the bundle does not do the same each time", "plan");
  if (!second) {
    plan->keep[header->number] = false;
    if (header->capacity <= SMALL) plan->small -= sizeof *header + header->capacity;
  }
  alive--;
  heap_give(&dropped, piece);
}

/* A runtime that is made and freed at once tells where the functions stand that all of them begin with. */
static void install(void) {
  ref runtime = QTS_NewRuntime(Q), copy = memory_new(16);
  memcpy(memory_at(copy), memory_at(runtime), 16);
  QTS_FreeRuntime(Q, runtime);
  heap_install(copy, (struct heap_functions){make, unmake});
  quickjs_free(Q, copy);
}

void plan_twice(void (*evaluate)(const void *), const void *argument) {
  plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (plan == MAP_FAILED) die("out of memory", "mmap");
  dropped = heap_area(HEAP_END, DROPPED_END);
  install();
  pid_t first = fork();
  if (first == 0) {
    evaluate(argument);
    plan->pieces = pieces;
    plan->kept = alive;
    _exit(0);
  }
  int status;
  if (first < 0 || waitpid(first, &status, 0) != first || status != 0) die("cannot evaluate the bundle", "first time");
  second = true;
  small = heap_area(HEAP_START, HEAP_END);
  large = heap_area(HEAP_START + (ref)plan->small, HEAP_END);
  evaluate(argument);
  if (pieces != plan->pieces || alive != plan->kept || small.next != HEAP_START + plan->small)
    die("the bundle does not do the same each time", "plan");
}

ref plan_end(void) {
  return large.next;
}
