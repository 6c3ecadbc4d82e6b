#include "tty.h"

#include "addon.h"

static napi_value js_tty_size(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int fd;
  uint16_t rows, columns;
  if (!js_args(env, info, "ttySize", 1, &args) || !js_fd(&args, 0, false, &fd)) return NULL;
  int found = tty_size(fd, &rows, &columns, &error);
  if (found < 0) return js_throw(env, &error);
  if (found == 0) return js_undefined(env);
  napi_value size, height = js_new_number(env, rows), width = js_new_number(env, columns);
  if (height == NULL || width == NULL || napi_create_object(env, &size) != napi_ok ||
      napi_set_named_property(env, size, "rows", height) != napi_ok ||
      napi_set_named_property(env, size, "columns", width) != napi_ok)
    return NULL;
  return size;
}

static napi_value js_tty_raw(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  struct bytes before = {0};
  int fd;
  if (!js_args(env, info, "ttyRaw", 1, &args) || !js_fd(&args, 0, false, &fd)) return NULL;
  napi_value value = tty_raw(fd, &before, &error) < 0 ? js_throw(env, &error) : js_new_bytes(env, before.data, before.length);
  bytes_free(&before);
  return value;
}

static napi_value js_tty_restore(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  const uint8_t *before;
  size_t length;
  int fd;
  if (!js_args(env, info, "ttyRestore", 2, &args) || !js_fd(&args, 0, false, &fd) ||
      !js_bytes(&args, 1, &before, &length))
    return NULL;
  return tty_restore(fd, before, length, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

const struct function tty_functions[] = {
    {"ttySize", js_tty_size}, {"ttyRaw", js_tty_raw}, {"ttyRestore", js_tty_restore}, {NULL, NULL}};
