#include "local.h"

#include "addon.h"

static napi_value js_connect(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "localConnect", 1, &args) || !js_path(&args, 0, path)) return NULL;
  int fd = local_connect(path, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

static napi_value js_receive(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int fd;
  int64_t max, timeout_ms;
  if (!js_args(env, info, "localReceive", 3, &args) || !js_fd(&args, 0, false, &fd) ||
      !js_integer(&args, 1, 1, 1 << 20, &max) || !js_integer(&args, 2, -1, INT64_C(1) << 40, &timeout_ms))
    return NULL;
  struct bytes out = {0};
  napi_value value = local_receive(fd, (size_t)max, timeout_ms, &out, &error) < 0
                         ? js_throw(env, &error)
                         : js_new_bytes(env, out.data, out.length);
  bytes_free(&out);
  return value;
}

const struct function local_functions[] = {{"localConnect", js_connect}, {"localReceive", js_receive}, {NULL, NULL}};
