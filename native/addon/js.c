#include "js.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool type_error(const struct args *args, size_t at, const char *wanted) {
  char message[160];
  snprintf(message, sizeof message, "%s: argument %zu must be %s", args->function, at + 1, wanted);
  napi_throw_type_error(args->env, NULL, message);
  return false;
}

bool js_args(napi_env env, napi_callback_info info, const char *function, size_t count, struct args *args) {
  size_t given = MAX_ARGUMENTS;
  *args = (struct args){.env = env, .function = function};
  if (napi_get_cb_info(env, info, &given, args->at, NULL, NULL) != napi_ok) return false;
  return given >= count || type_error(args, given, "given");
}

bool js_integer(const struct args *args, size_t at, int64_t min, int64_t max, int64_t *out) {
  double value;
  if (napi_get_value_double(args->env, args->at[at], &value) != napi_ok) return type_error(args, at, "a number");
  /* By comparison, so that NaN is refused too. */
  if (!(value >= (double)min && value <= (double)max) || value != (double)(int64_t)value) {
    char message[160];
    snprintf(message, sizeof message, "%s: argument %zu must be an integer from %lld to %lld, not %g", args->function,
             at + 1, (long long)min, (long long)max, value);
    napi_throw_range_error(args->env, NULL, message);
    return false;
  }
  *out = (int64_t)value;
  return true;
}

bool js_fd(const struct args *args, size_t at, bool own_allowed, int *out) {
  int64_t value;
  if (!js_integer(args, at, own_allowed ? -1 : 0, INT_MAX, &value)) return false;
  *out = (int)value;
  return true;
}

bool js_bool(const struct args *args, size_t at, bool *out) {
  return napi_get_value_bool(args->env, args->at[at], out) == napi_ok || type_error(args, at, "a boolean");
}

bool js_bigint(const struct args *args, size_t at, int64_t *out) {
  bool lossless = false;
  if (napi_get_value_bigint_int64(args->env, args->at[at], out, &lossless) != napi_ok)
    return type_error(args, at, "a bigint");
  return lossless || type_error(args, at, "a bigint of at most 64 bits");
}

/* The length, cut to `size` - 1; -1 after a TypeError. */
static ssize_t read_text(const struct args *args, size_t at, char *out, size_t size) {
  size_t length;
  if (napi_get_value_string_utf8(args->env, args->at[at], out, size, &length) == napi_ok) return (ssize_t)length;
  type_error(args, at, "a string");
  return -1;
}

bool js_path(const struct args *args, size_t at, char out[PATH_MAX]) {
  struct sys_error error;
  ssize_t length = read_text(args, at, out, PATH_MAX);
  if (length < 0) return false;
  int err = 0;
  if (memchr(out, '\0', (size_t)length) != NULL) err = EINVAL;
  /* napi cuts, at most three bytes early so as not to split a character. */
  if (length >= PATH_MAX - 4) err = ENAMETOOLONG;
  if (length == 0) err = ENOENT;
  if (err == 0) return true;
  fail_with(&error, args->function, err, out);
  js_throw(args->env, &error);
  return false;
}

bool js_text(const struct args *args, size_t at, char *out, size_t size) {
  ssize_t length = read_text(args, at, out, size);
  if (length < 0) return false;
  if (memchr(out, '\0', (size_t)length) != NULL) return type_error(args, at, "a string without NUL");
  return (size_t)length < size - 4 || type_error(args, at, "a shorter string");
}

/* The length of an array's text `i` with its NUL, and, when `out` is there, the text; 0 after a TypeError. */
static size_t element_text(const struct args *args, size_t at, uint32_t i, char *out, size_t room) {
  napi_value element;
  size_t length;
  if (napi_get_element(args->env, args->at[at], i, &element) == napi_ok &&
      napi_get_value_string_utf8(args->env, element, out, room, &length) == napi_ok &&
      (out == NULL || memchr(out, '\0', length) == NULL))
    return length + 1;
  type_error(args, at, "an array of strings without NUL");
  return 0;
}

bool js_texts(const struct args *args, size_t at, size_t lead, char ***out) {
  uint32_t count;
  if (napi_get_array_length(args->env, args->at[at], &count) != napi_ok)
    return type_error(args, at, "an array of strings");
  size_t places = lead + count + 1;
  size_t room = 0;
  for (uint32_t i = 0; i < count; i++) {
    size_t length = element_text(args, at, i, NULL, 0);
    if (length == 0) return false;
    room += length;
  }
  char **list = calloc(1, places * sizeof *list + room);
  if (list == NULL) {
    struct sys_error error;
    fail(&error, "calloc", NULL);
    js_throw(args->env, &error);
    return false;
  }
  char *text = (char *)(list + places);
  for (uint32_t i = 0; i < count; i++) {
    size_t length = element_text(args, at, i, text, room);
    if (length == 0) {
      free(list);
      return false;
    }
    list[lead + i] = text;
    text += length;
    room -= length;
  }
  *out = list;
  return true;
}

bool js_bytes(const struct args *args, size_t at, const uint8_t **data, size_t *length) {
  bool typed = false;
  napi_typedarray_type type;
  void *start;
  if (napi_is_typedarray(args->env, args->at[at], &typed) != napi_ok || !typed ||
      napi_get_typedarray_info(args->env, args->at[at], &type, length, &start, NULL, NULL) != napi_ok ||
      type != napi_uint8_array)
    return type_error(args, at, "a Uint8Array");
  *data = start;
  return true;
}

napi_value js_undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

bool js_is_undefined(const struct args *args, size_t at) {
  napi_valuetype type;
  return napi_typeof(args->env, args->at[at], &type) == napi_ok && type == napi_undefined;
}

napi_value js_new_number(napi_env env, double value) {
  napi_value number = NULL;
  napi_create_double(env, value, &number);
  return number;
}

napi_value js_new_text(napi_env env, const char *text, size_t length) {
  napi_value string = NULL;
  napi_create_string_utf8(env, text, length, &string);
  return string;
}

napi_value js_new_bytes(napi_env env, const uint8_t *data, size_t length) {
  void *copy;
  napi_value buffer;
  napi_value array = NULL;
  if (napi_create_arraybuffer(env, length, &copy, &buffer) != napi_ok) return NULL;
  if (length > 0) memcpy(copy, data, length);
  napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array);
  return array;
}

napi_value js_new_error(napi_env env, const struct sys_error *error) {
  char text[PATH_MAX + 256];
  napi_value value = NULL;
  error_message(error, text, sizeof text);
  const char *code = errname(error->err);
  napi_value code_value = js_new_text(env, code, NAPI_AUTO_LENGTH);
  if (napi_create_error(env, code_value, js_new_text(env, text, NAPI_AUTO_LENGTH), &value) != napi_ok) return NULL;
  napi_set_named_property(env, value, "op", js_new_text(env, error->op, NAPI_AUTO_LENGTH));
  napi_set_named_property(env, value, "errno", js_new_number(env, error->err));
  napi_set_named_property(env, value, "code", code_value);
  if (error->path[0] != '\0')
    napi_set_named_property(env, value, "path", js_new_text(env, error->path, NAPI_AUTO_LENGTH));
  return value;
}

napi_value js_throw(napi_env env, const struct sys_error *error) {
  napi_value value = js_new_error(env, error);
  if (value != NULL) napi_throw(env, value);
  return NULL;
}
