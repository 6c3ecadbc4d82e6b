/* What the QuickJS module imports: of Emscripten's environment, as much as code without files, timers and time zones needs. */
#include "engine.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNUSED(x) ((void)(x))

static void put_u32(ref at, uint32_t value) {
  memcpy(memory_at(at), &value, sizeof value);
}

void env_assert_failed(struct quickjs_environment *e, u32 condition, u32 file, u32 line, u32 function) {
  UNUSED(e), UNUSED(file), UNUSED(line), UNUSED(function);
  die("an assertion of the engine failed", (const char *)memory_at(condition));
}

void env_abort(struct quickjs_environment *e) {
  UNUSED(e);
  die("the engine gave up", "abort");
}

void env_exit(struct quickjs_environment *e, u32 code) {
  UNUSED(e);
  _exit((int)code);
}

/* printf of the engine's own, when it dumps something: to stderr, always. */
u32 env_fd_write(struct quickjs_environment *e, u32 fd, u32 vectors, u32 count, u32 written) {
  UNUSED(e), UNUSED(fd);
  uint32_t total = 0;
  for (u32 i = 0; i < count; i++) {
    uint32_t vector[2]; /* address, length */
    memcpy(vector, memory_at(vectors + 8 * i), sizeof vector);
    ssize_t length = write(2, memory_at(vector[0]), vector[1]);
    if (length > 0) total += (uint32_t)length;
  }
  put_u32(written, total);
  return 0;
}

enum { WASI_BADF = 8, WASI_SPIPE = 70 };

u32 env_fd_close(struct quickjs_environment *e, u32 fd) {
  UNUSED(e), UNUSED(fd);
  return WASI_BADF;
}

u32 env_fd_seek(struct quickjs_environment *e, u32 fd, u64 offset, u32 whence, u32 position) {
  UNUSED(e), UNUSED(fd), UNUSED(offset), UNUSED(whence), UNUSED(position);
  return WASI_SPIPE;
}

/* Its environment is empty. Plugins get the real one from the engine's function `environment`. */
u32 env_environ_sizes_get(struct quickjs_environment *e, u32 count, u32 bytes) {
  UNUSED(e);
  put_u32(count, 0);
  put_u32(bytes, 0);
  return 0;
}

u32 env_environ_get(struct quickjs_environment *e, u32 list, u32 bytes) {
  UNUSED(e), UNUSED(list), UNUSED(bytes);
  return 0;
}

f64 env_date_now(struct quickjs_environment *e) {
  UNUSED(e);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (f64)now.tv_sec * 1e3 + (f64)(now.tv_nsec / 1000000);
}

/* UTC. `tm` is the module's struct tm of nine ints, the offset from UTC, and a pointer. */
void env_localtime(struct quickjs_environment *e, u64 seconds, u32 tm) {
  UNUSED(e);
  time_t time = (time_t)seconds;
  struct tm t;
  if (gmtime_r(&time, &t) == NULL) memset(&t, 0, sizeof t);
  const int fields[] = {t.tm_sec, t.tm_min, t.tm_hour, t.tm_mday, t.tm_mon, t.tm_year, t.tm_wday, t.tm_yday, 0, 0};
  memcpy(memory_at(tm), fields, sizeof fields);
}

void env_tzset(struct quickjs_environment *e, u32 timezone, u32 daylight, u32 standard_name, u32 daylight_name) {
  UNUSED(e);
  put_u32(timezone, 0);
  put_u32(daylight, 0);
  memcpy(memory_at(standard_name), "UTC", 4);
  memcpy(memory_at(daylight_name), "UTC", 4);
}

u32 env_resize_heap(struct quickjs_environment *e, u32 wanted) {
  UNUSED(e);
  /* A fifth more than wanted, so that growth stays rare. */
  uint64_t pages = ((uint64_t)wanted + WASM_PAGE - 1) / WASM_PAGE;
  return memory_resize(pages + pages / 5) || memory_resize(pages);
}

u32 env_set_timer(struct quickjs_environment *e, u32 which, f64 ms) {
  UNUSED(e), UNUSED(which), UNUSED(ms);
  return 0;
}

void env_clear_keepalive(struct quickjs_environment *e) {
  UNUSED(e);
}

/* Modules are bundled, and nothing asks to be interrupted. */
u32 env_load_module(struct quickjs_environment *e, u32 runtime, u32 context, u32 name) {
  UNUSED(e), UNUSED(runtime), UNUSED(context), UNUSED(name);
  return 0;
}

u32 env_normalize_module(struct quickjs_environment *e, u32 runtime, u32 context, u32 base, u32 name) {
  UNUSED(e), UNUSED(runtime), UNUSED(context), UNUSED(base), UNUSED(name);
  return 0;
}

u32 env_interrupt(struct quickjs_environment *e, u32 runtime) {
  UNUSED(e), UNUSED(runtime);
  return 0;
}

void env_free_host_ref(struct quickjs_environment *e, u32 runtime, u32 id) {
  UNUSED(e), UNUSED(runtime), UNUSED(id);
}
