/*
 * The heap after the bundle has been evaluated, behind the executable: its pieces that are not all zeros, and a trailer. A
 * start maps them privately instead of evaluating anything. The rest of the engine's state is one global (its stack
 * pointer) and tables that are the same in every process.
 */
#include "engine.h"
#include "heap.h"
#include "plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGN = 4096, GAP = 64 * ALIGN, MAX_PIECES = 8 };
static const char MAGIC[8] = "tsnheap3";

/* Bytes; multiples of ALIGN. */
struct piece {
  uint64_t in_file, in_memory, length;
};

struct trailer {
  char magic[8];
  uint32_t pieces;
  uint32_t pages; /* of the memory */
  struct piece piece[MAX_PIECES];
  uint32_t stack_pointer;
  ref heap_end;
  ref runtime, context, to_bytes, to_bigint, start;
};

static void put(FILE *out, const void *data, size_t length) {
  if (length > 0 && fwrite(data, length, 1, out) != 1) die("cannot write the executable", "fwrite");
}

static bool is_zero(uint64_t at) {
  static const uint8_t zeros[ALIGN];
  return memcmp(memory_at((ref)at), zeros, ALIGN) == 0;
}

static struct piece *add_piece(struct trailer *trailer, uint64_t start, uint64_t end) {
  if (trailer->pieces == MAX_PIECES) die("the memory is in too many pieces", "snapshot");
  struct piece *piece = &trailer->piece[trailer->pieces++];
  *piece = (struct piece){.in_memory = start, .length = end - start};
  return piece;
}

/* The pieces of the module's own memory; fewer than GAP zeros between two are part of one. */
static void find_pieces(struct trailer *trailer) {
  struct piece *last = NULL;
  for (uint64_t at = 0; at < (uint64_t)memory_pages() * WASM_PAGE; at += ALIGN) {
    if (is_zero(at)) continue;
    if (last == NULL || at - (last->in_memory + last->length) > GAP) last = add_piece(trailer, at, at);
    last->length = at + ALIGN - last->in_memory;
  }
}

void snapshot_write(const char *path, const char *base) {
  FILE *in = fopen(base, "rbe"), *out = fopen(path, "wbe");
  if (in == NULL || out == NULL) die("cannot open", in == NULL ? base : path);
  static char buffer[ALIGN];
  uint64_t written = 0;
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, in)) > 0;) {
    memset(buffer + count, 0, sizeof buffer - count);
    put(out, buffer, sizeof buffer); /* only the last one is short */
    written += sizeof buffer;
  }
  struct trailer trailer = {.pages = memory_pages(),
                            .stack_pointer = engine.instance.w2c_g0,
                            .heap_end = plan_end(),
                            .runtime = engine.runtime,
                            .context = engine.context,
                            .to_bytes = engine.to_bytes,
                            .to_bigint = engine.to_bigint,
                            .start = engine.start};
  memcpy(trailer.magic, MAGIC, sizeof MAGIC);
  find_pieces(&trailer);
  /* Whole, zeros too: only what is mapped can be used there. */
  add_piece(&trailer, HEAP_START, ((uint64_t)plan_end() + ALIGN - 1) / ALIGN * ALIGN);
  for (uint32_t i = 0; i < trailer.pieces; i++) {
    struct piece *piece = &trailer.piece[i];
    piece->in_file = written;
    put(out, memory_at((ref)piece->in_memory), piece->length);
    written += piece->length;
  }
  put(out, &trailer, sizeof trailer);
  if (fclose(out) != 0 || fclose(in) != 0) die("cannot write the executable", path);
}

bool snapshot_restore(void) {
  struct stat st;
  struct trailer trailer;
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) die("cannot read its own executable (is /proc mounted?)", "/proc/self/exe");
  ssize_t count = pread(fd, &trailer, sizeof trailer, st.st_size - (off_t)sizeof trailer);
  bool found = count == (ssize_t)sizeof trailer && memcmp(trailer.magic, MAGIC, sizeof MAGIC) == 0;
  if (found) {
    if (!memory_resize(trailer.pages)) die("out of memory", "mprotect");
    for (uint32_t i = 0; i < trailer.pieces && i < MAX_PIECES; i++) {
      const struct piece *piece = &trailer.piece[i];
      if (mmap(memory_at((ref)piece->in_memory), piece->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
               (off_t)piece->in_file) == MAP_FAILED)
        die("cannot map the heap", "mmap");
    }
    engine.instance.w2c_g0 = trailer.stack_pointer;
    engine.runtime = trailer.runtime;
    engine.context = trailer.context;
    engine.to_bytes = trailer.to_bytes;
    engine.to_bigint = trailer.to_bigint;
    engine.start = trailer.start;
    heap_restore(trailer.heap_end);
  }
  close(fd);
  return found;
}
