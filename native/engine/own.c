#include "own.h"

#include "engine.h"
#include "sha2.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char *process_name = "";
static char **process_environment;

void own_process(const char *name, char **environment) {
  process_name = name;
  process_environment = environment;
}

static napi_value texts(napi_env env, char *const *list) {
  napi_value array;
  if (napi_create_array_with_length(env, 0, &array) != napi_ok) return NULL;
  for (uint32_t i = 0; list[i] != NULL; i++)
    napi_set_element(env, array, i, js_new_text(env, list[i], NAPI_AUTO_LENGTH));
  return array;
}

static napi_value js_environment(napi_env env, napi_callback_info info) {
  (void)info;
  return texts(env, process_environment);
}

static napi_value js_name(napi_env env, napi_callback_info info) {
  (void)info;
  return js_new_text(env, process_name, NAPI_AUTO_LENGTH);
}

static napi_value js_executable(napi_env env, napi_callback_info info) {
  (void)info;
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length >= 0) return js_new_text(env, path, (size_t)length);
  struct sys_error error;
  fail(&error, "readlink", "/proc/self/exe");
  return js_throw(env, &error);
}

static napi_value js_exit(napi_env env, napi_callback_info info) {
  struct args args;
  int64_t code;
  if (!js_args(env, info, "exit", 1, &args) || !js_integer(&args, 0, 0, 255, &code)) return NULL;
  _exit((int)code);
}

static napi_value js_sleep(napi_env env, napi_callback_info info) {
  struct args args;
  int64_t ms;
  if (!js_args(env, info, "sleep", 1, &args) || !js_integer(&args, 0, 0, 86400000, &ms)) return NULL;
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
  return js_undefined(env);
}

static napi_value js_now(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return js_new_number(env, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

static napi_value js_random(napi_env env, napi_callback_info info) {
  struct args args;
  int64_t count;
  uint8_t bytes[256];
  if (!js_args(env, info, "random", 1, &args) || !js_integer(&args, 0, 0, sizeof bytes, &count)) return NULL;
  if (getrandom(bytes, (size_t)count, 0) == (ssize_t)count) return js_new_bytes(env, bytes, (size_t)count);
  struct sys_error error;
  fail(&error, "getrandom", NULL);
  return js_throw(env, &error);
}

static napi_value hash(napi_env env, napi_callback_info info, const char *name,
                       void (*function)(const uint8_t *, size_t, uint8_t *), size_t size) {
  struct args args;
  const uint8_t *data;
  size_t length;
  uint8_t digest[64];
  char hex[2 * sizeof digest];
  if (!js_args(env, info, name, 1, &args) || !js_bytes(&args, 0, &data, &length)) return NULL;
  function(data, length, digest);
  for (size_t i = 0; i < 2 * size; i++) hex[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
  return js_new_text(env, hex, 2 * size);
}

static napi_value js_sha256(napi_env env, napi_callback_info info) {
  return hash(env, info, "sha256", sha256, 32);
}

static napi_value js_sha512(napi_env env, napi_callback_info info) {
  return hash(env, info, "sha512", sha512, 64);
}

/* UTF-8 of a string without NUL and without half surrogate pairs; undefined for others, which are JavaScript's to encode. */
static napi_value js_encode(napi_env env, napi_callback_info info) {
  struct args args;
  if (!js_args(env, info, "encode", 1, &args)) return NULL;
  ref value = (ref)(uintptr_t)args.at[0];
  ref text = QTS_GetString(&engine.instance, engine.context, value);
  if (text == 0) return js_undefined(env);
  const uint8_t *bytes = memory_at(text);
  size_t length = strlen((const char *)bytes), units = 0;
  bool plain = true;
  for (size_t i = 0; i < length; i++) {
    if ((bytes[i] & 0xc0) != 0x80) units += bytes[i] >= 0xf0 ? 2 : 1;
    if (bytes[i] == 0xed && bytes[i + 1] >= 0xa0) plain = false;
  }
  napi_value key = js_new_text(env, "length", 6);
  napi_value whole = (napi_value)(uintptr_t)QTS_GetProp(&engine.instance, engine.context, value, (ref)(uintptr_t)key);
  plain = plain && QTS_GetFloat64(&engine.instance, engine.context, (ref)(uintptr_t)whole) == (double)units;
  QTS_FreeValuePointer(&engine.instance, engine.context, (ref)(uintptr_t)whole);
  napi_value result = plain ? js_new_bytes(env, bytes, length) : js_undefined(env);
  QTS_FreeCString(&engine.instance, engine.context, text);
  return result;
}

/* Whether it is UTF-8 as Unicode defines it (RFC 3629), without NUL. */
static bool is_plain_utf8(const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length;) {
    uint8_t c = data[i];
    size_t more = c < 0x80 ? 0 : c < 0xc2 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 4;
    if (c == 0 || more > 3 || more >= length - i) return false;
    for (size_t j = 1; j <= more; j++)
      if ((data[i + j] & 0xc0) != 0x80) return false;
    uint8_t next = more > 0 ? data[i + 1] : 0;
    if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next >= 0xa0) || (c == 0xf0 && next < 0x90) ||
        (c == 0xf4 && next >= 0x90))
      return false;
    i += more + 1;
  }
  return true;
}

/* The text; undefined for what is no UTF-8 or has a NUL. */
static napi_value js_decode(napi_env env, napi_callback_info info) {
  struct args args;
  const uint8_t *data;
  size_t length;
  if (!js_args(env, info, "decode", 1, &args) || !js_bytes(&args, 0, &data, &length)) return NULL;
  return is_plain_utf8(data, length) ? js_new_text(env, (const char *)data, length) : js_undefined(env);
}

/*
 * The bytes of the array searched last, whole, as they were then: long answers of the kernel are searched piece by piece, and
 * the engine hands its buffers out as copies only. The buffer is kept, so that another one cannot take its place.
 */
static struct {
  ref buffer, copy;
  u32 length;
} searched;

static uint64_t bits_of(ref value) {
  uint64_t bits;
  memcpy(&bits, memory_at(value), sizeof bits);
  return bits;
}

static bool search_in(ref buffer) {
  quickjs_instance *q = &engine.instance;
  if (searched.buffer != 0 && bits_of(searched.buffer) == bits_of(buffer)) return true;
  if (searched.buffer != 0) {
    QTS_FreeValuePointer(q, engine.context, searched.buffer);
    quickjs_free(q, searched.copy);
  }
  searched.length = QTS_GetArrayBufferLength(q, engine.context, buffer);
  searched.copy = QTS_GetArrayBuffer(q, engine.context, buffer);
  searched.buffer = searched.copy == 0 ? 0 : QTS_DupValuePointer(q, engine.context, buffer);
  return searched.copy != 0;
}

/*
 * Where `needle` begins between two places of a buffer, counted from the first; -1. For buffers that nobody writes to any
 * more.
 */
static napi_value js_index_of(napi_env env, napi_callback_info info) {
  struct args args;
  const uint8_t *needle;
  size_t size;
  int64_t offset, length;
  if (!js_args(env, info, "indexOf", 4, &args) || !js_integer(&args, 1, 0, INT32_MAX, &offset) ||
      !js_integer(&args, 2, 0, INT32_MAX, &length) || !js_bytes(&args, 3, &needle, &size))
    return NULL;
  if (!search_in((ref)(uintptr_t)args.at[0]) || offset + length > searched.length) return js_new_number(env, -1);
  const uint8_t *data = memory_at(searched.copy + (ref)offset);
  const uint8_t *at = memmem(data, (size_t)length, needle, size);
  return js_new_number(env, at == NULL ? -1 : (double)(at - data));
}

const struct function own_functions[] = {
    {"environment", js_environment},
    {"name", js_name},
    {"executable", js_executable},
    {"exit", js_exit},
    {"sleep", js_sleep},
    {"now", js_now},
    {"random", js_random},
    {"sha256", js_sha256},
    {"sha512", js_sha512},
    {"encode", js_encode},
    {"decode", js_decode},
    {"indexOf", js_index_of},
    {NULL, NULL},
};
