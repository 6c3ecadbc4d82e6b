#include "fileat.h"

#include "addon.h"

static const int64_t MAX_OFFSET = INT64_C(1) << 52;

static napi_value js_read_at(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  struct bytes out = {0};
  char path[PATH_MAX];
  int64_t offset;
  int64_t length;
  if (!js_args(env, info, "readAt", 3, &args) || !js_path(&args, 0, path) ||
      !js_integer(&args, 1, 0, MAX_OFFSET, &offset) || !js_integer(&args, 2, 0, INT64_C(1) << 40, &length))
    return NULL;
  napi_value value = file_read_at(path, (off_t)offset, (size_t)length, &out, &error) < 0
                         ? js_throw(env, &error)
                         : js_new_bytes(env, out.data, out.length);
  bytes_free(&out);
  return value;
}

static napi_value js_write_at(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  int64_t offset;
  const uint8_t *data;
  size_t length;
  int64_t mode;
  bool cut;
  if (!js_args(env, info, "writeAt", 5, &args) || !js_path(&args, 0, path) ||
      !js_integer(&args, 1, 0, MAX_OFFSET, &offset) || !js_bytes(&args, 2, &data, &length) ||
      !js_integer(&args, 3, 0, 07777, &mode) || !js_bool(&args, 4, &cut))
    return NULL;
  return file_write_at(path, (off_t)offset, data, length, (mode_t)mode, cut, &error) < 0 ? js_throw(env, &error)
                                                                                       : js_undefined(env);
}

static napi_value js_make_dir(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  int64_t mode;
  if (!js_args(env, info, "makeDir", 2, &args) || !js_path(&args, 0, path) || !js_integer(&args, 1, 0, 07777, &mode))
    return NULL;
  return dir_make_one(path, (mode_t)mode, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_remove_dir(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "removeDir", 1, &args) || !js_path(&args, 0, path)) return NULL;
  return dir_remove(path, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_sync(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  bool whole;
  if (!js_args(env, info, "sync", 2, &args) || !js_path(&args, 0, path) || !js_bool(&args, 1, &whole)) return NULL;
  return path_sync(path, whole, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

const struct function fileat_functions[] = {{"readAt", js_read_at},
                                            {"writeAt", js_write_at},
                                            {"makeDir", js_make_dir},
                                            {"removeDir", js_remove_dir},
                                            {"sync", js_sync},
                                            {NULL, NULL}};
