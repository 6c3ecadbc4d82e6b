#include "files.h"

#include "addon.h"

#include <string.h>

enum { MAX_MODE = 07777 };

static napi_value js_read(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  struct bytes out = {0};
  char path[PATH_MAX];
  int64_t max;
  if (!js_args(env, info, "readFile", 2, &args) || !js_path(&args, 0, path) ||
      !js_integer(&args, 1, 0, INT64_C(1) << 40, &max))
    return NULL;
  napi_value value = file_read(path, (size_t)max, &out, &error) < 0 ? js_throw(env, &error)
                                                                    : js_new_bytes(env, out.data, out.length);
  bytes_free(&out);
  return value;
}

static napi_value put(napi_env env, napi_callback_info info, const char *name,
                      int (*work)(const char *, const uint8_t *, size_t, mode_t, struct sys_error *)) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  const uint8_t *data;
  size_t length;
  int64_t mode;
  if (!js_args(env, info, name, 3, &args) || !js_path(&args, 0, path) || !js_bytes(&args, 1, &data, &length) ||
      !js_integer(&args, 2, 0, MAX_MODE, &mode))
    return NULL;
  return work(path, data, length, (mode_t)mode, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_create(napi_env env, napi_callback_info info) {
  return put(env, info, "createFile", file_create);
}

static napi_value js_replace(napi_env env, napi_callback_info info) {
  return put(env, info, "replaceFile", file_replace);
}

static napi_value from_to(napi_env env, napi_callback_info info, const char *name,
                          int (*work)(const char *, const char *, struct sys_error *)) {
  struct args args;
  struct sys_error error;
  char from[PATH_MAX];
  char to[PATH_MAX];
  if (!js_args(env, info, name, 2, &args) || !js_path(&args, 0, from) || !js_path(&args, 1, to)) return NULL;
  return work(from, to, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_link(napi_env env, napi_callback_info info) {
  return from_to(env, info, "linkFile", file_link);
}

static napi_value js_rename(napi_env env, napi_callback_info info) {
  return from_to(env, info, "renameFile", file_rename);
}

static napi_value js_remove(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "removeFile", 1, &args) || !js_path(&args, 0, path)) return NULL;
  return file_remove(path, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_make_dirs(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  int64_t mode;
  if (!js_args(env, info, "makeDirs", 2, &args) || !js_path(&args, 0, path) ||
      !js_integer(&args, 1, 0, MAX_MODE, &mode))
    return NULL;
  return dir_make(path, (mode_t)mode, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value names_array(napi_env env, const struct bytes *names, size_t count) {
  napi_value array;
  if (napi_create_array_with_length(env, count, &array) != napi_ok) return NULL;
  size_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    const char *name = (const char *)names->data + at;
    size_t length = strlen(name);
    if (napi_set_element(env, array, i, js_new_text(env, name, length)) != napi_ok) return NULL;
    at += length + 1;
  }
  return array;
}

static napi_value js_list_dir(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  struct bytes names = {0};
  char path[PATH_MAX];
  int64_t max;
  size_t count;
  if (!js_args(env, info, "listDir", 2, &args) || !js_path(&args, 0, path) || !js_integer(&args, 1, 0, UINT32_MAX, &max))
    return NULL;
  napi_value value = dir_list(path, (size_t)max, &names, &count, &error) < 0 ? js_throw(env, &error)
                                                                              : names_array(env, &names, count);
  bytes_free(&names);
  return value;
}

static napi_value stat_object(napi_env env, const struct file_stat *st) {
  napi_value object = NULL;
  napi_value dev = NULL;
  napi_value ino = NULL;
  napi_value mtime = NULL;
  if (napi_create_object(env, &object) != napi_ok || napi_create_bigint_uint64(env, st->dev, &dev) != napi_ok ||
      napi_create_bigint_uint64(env, st->ino, &ino) != napi_ok ||
      napi_create_bigint_int64(env, st->mtime_ns, &mtime) != napi_ok)
    return NULL;
  napi_set_named_property(env, object, "kind", js_new_text(env, st->kind, NAPI_AUTO_LENGTH));
  napi_set_named_property(env, object, "mode", js_new_number(env, st->mode));
  napi_set_named_property(env, object, "uid", js_new_number(env, st->uid));
  napi_set_named_property(env, object, "size", js_new_number(env, (double)st->size));
  napi_set_named_property(env, object, "dev", dev);
  napi_set_named_property(env, object, "ino", ino);
  napi_set_named_property(env, object, "mtimeNs", mtime);
  return object;
}

static napi_value js_stat(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  struct file_stat st;
  char path[PATH_MAX];
  bool follow;
  if (!js_args(env, info, "stat", 2, &args) || !js_path(&args, 0, path) || !js_bool(&args, 1, &follow)) return NULL;
  int found = file_stat(path, follow, &st, &error);
  if (found < 0) return js_throw(env, &error);
  return found == 0 ? js_undefined(env) : stat_object(env, &st);
}

static napi_value js_set_mtime(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  int64_t mtime_ns;
  if (!js_args(env, info, "setMtime", 2, &args) || !js_path(&args, 0, path) || !js_bigint(&args, 1, &mtime_ns))
    return NULL;
  return file_set_mtime(path, mtime_ns, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_read_link(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  char target[PATH_MAX];
  if (!js_args(env, info, "readLink", 1, &args) || !js_path(&args, 0, path)) return NULL;
  int found = file_readlink(path, target, &error);
  if (found < 0) return js_throw(env, &error);
  return found == 0 ? js_undefined(env) : js_new_text(env, target, NAPI_AUTO_LENGTH);
}

static napi_value js_writable(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "isWritable", 1, &args) || !js_path(&args, 0, path)) return NULL;
  int writable = file_writable(path, &error);
  if (writable < 0) return js_throw(env, &error);
  napi_value value = NULL;
  napi_get_boolean(env, writable == 1, &value);
  return value;
}

const struct function file_functions[] = {
    {"readFile", js_read},         {"createFile", js_create},  {"replaceFile", js_replace},
    {"linkFile", js_link},         {"renameFile", js_rename},  {"removeFile", js_remove},
    {"makeDirs", js_make_dirs},    {"listDir", js_list_dir},   {"stat", js_stat},
    {"setMtime", js_set_mtime},    {"readLink", js_read_link}, {"isWritable", js_writable},
    {NULL, NULL},
};
