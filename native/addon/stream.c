#include "addon.h"
#include "stream.h"

static napi_value js_read_all(napi_env env, napi_callback_info info) {
  struct args args;
  int fd;
  int64_t max;
  if (!js_args(env, info, "readAll", 2, &args) || !js_fd(&args, 0, false, &fd) ||
      !js_integer(&args, 1, 0, INT64_C(1) << 40, &max))
    return NULL;
  struct bytes out = {0};
  struct sys_error error;
  napi_value value = read_all(fd, (size_t)max, &out, NULL, &error) < 0 ? js_throw(env, &error)
                                                                       : js_new_bytes(env, out.data, out.length);
  bytes_free(&out);
  return value;
}

static napi_value js_write_all(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int fd;
  const uint8_t *data;
  size_t length;
  if (!js_args(env, info, "writeAll", 2, &args) || !js_fd(&args, 0, false, &fd) || !js_bytes(&args, 1, &data, &length))
    return NULL;
  return write_all(fd, data, length, NULL, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

const struct function stream_functions[] = {{"readAll", js_read_all}, {"writeAll", js_write_all}, {NULL, NULL}};
