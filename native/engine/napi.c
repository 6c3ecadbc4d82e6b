/*
 * As much of Node-API as the addon's functions (native/addon) use, over QuickJS, so that both engines run the same
 * functions. A napi_value is the address of a JSValue. Those made during a call are freed at its end.
 *
 * Node-API says what each function does: node_api.h, https://nodejs.org/api/n-api.html.
 */
#include "addon.h"
#include "engine.h"
#include "own.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define Q (&engine.instance)

static const struct function *functions[128];
static size_t function_count;

/* Values to free when the running call ends, and what it has thrown. */
static ref *made;
static size_t made_count, made_room;
static ref pending;

struct napi_callback_info__ {
  u32 argc;
  ref argv;
};

static ref ref_of(napi_value value) {
  return (ref)(uintptr_t)value;
}

static napi_value borrowed(ref value) {
  return (napi_value)(uintptr_t)value;
}

/* Takes a new value over. NULL for an exception of the engine, which then is what the call throws. */
static napi_value owned(ref value) {
  if (made_count == made_room) {
    made_room = made_room == 0 ? 256 : 2 * made_room;
    made = realloc(made, made_room * sizeof *made);
    if (made == NULL) die("out of memory", "realloc");
  }
  if (value == 0) die("out of memory", "malloc");
  made[made_count++] = value;
  ref exception = QTS_ResolveException(Q, engine.context, value);
  if (exception == 0) return borrowed(value);
  if (pending == 0)
    pending = exception;
  else
    QTS_FreeValuePointer(Q, engine.context, exception);
  return NULL;
}

/* A function of the bundle on one value. */
static napi_value call(ref function, ref argument) {
  ref list = memory_new(sizeof argument);
  memcpy(memory_at(list), &argument, sizeof argument);
  ref result = QTS_Call(Q, engine.context, function, QTS_GetUndefined(Q), 1, list);
  quickjs_free(Q, list);
  return owned(result);
}

static napi_status status_of(napi_value value, napi_value *out) {
  *out = value;
  return value == NULL ? napi_pending_exception : napi_ok;
}

/* Typeof: one of the engine's words. */
static bool is(ref value, const char *type) {
  ref text = QTS_Typeof(Q, engine.context, value);
  bool same = text != 0 && strcmp((const char *)memory_at(text), type) == 0;
  quickjs_free(Q, text);
  return same;
}

static napi_value property(ref object, const char *name) {
  napi_value key = js_new_text(NULL, name, NAPI_AUTO_LENGTH);
  return key == NULL ? NULL : owned(QTS_GetProp(Q, engine.context, object, ref_of(key)));
}

u32 env_call_host(struct quickjs_environment *environment, u32 context, u32 this_value, u32 argc, u32 argv, u32 id) {
  (void)environment, (void)context, (void)this_value;
  struct napi_callback_info__ info = {argc, argv};
  size_t before = made_count;
  napi_value value = id < function_count ? functions[id]->call(NULL, &info) : NULL;
  ref result = 0;
  if (pending != 0) {
    result = QTS_Throw(Q, engine.context, pending);
    QTS_FreeValuePointer(Q, engine.context, pending);
    pending = 0;
  } else if (value != NULL) {
    result = QTS_DupValuePointer(Q, engine.context, ref_of(value));
  }
  while (made_count > before) QTS_FreeValuePointer(Q, engine.context, made[--made_count]);
  return result;
}

static void number(const struct function *list) {
  for (; list->name != NULL; list++) {
    if (function_count == sizeof functions / sizeof functions[0]) die("too many functions", list->name);
    functions[function_count++] = list;
  }
}

/* The functions by number: the same in every process, as numbers are all that the heap keeps of them. */
void functions_number(void) {
  for (size_t i = 0; all_functions[i] != NULL; i++) number(all_functions[i]);
  number(own_functions);
}

void functions_install(void) {
  napi_value native, function;
  napi_create_object(NULL, &native);
  for (size_t i = 0; i < function_count; i++) {
    const char *name = functions[i]->name;
    ref text = memory_new(strlen(name) + 1);
    memcpy(memory_at(text), name, strlen(name) + 1);
    status_of(owned(QTS_NewFunction(Q, engine.context, text, 0, 0, (u32)i)), &function);
    quickjs_free(Q, text);
    napi_set_named_property(NULL, native, name, function);
  }
  napi_set_named_property(NULL, owned(QTS_GetGlobalObject(Q, engine.context)), "native", native);
}

/* --- functions and exceptions */

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *argc, napi_value *argv,
                             napi_value *this_value, void **data) {
  (void)env, (void)this_value, (void)data;
  for (size_t i = 0; i < *argc; i++)
    argv[i] = borrowed(i < info->argc ? QTS_ArgvGetJSValueConstPointer(Q, info->argv, (u32)i) : QTS_GetUndefined(Q));
  *argc = info->argc;
  return napi_ok;
}

napi_status napi_throw(napi_env env, napi_value error) {
  (void)env;
  if (pending == 0) pending = QTS_DupValuePointer(Q, engine.context, ref_of(error));
  return napi_ok;
}

napi_status napi_create_error(napi_env env, napi_value code, napi_value message, napi_value *result) {
  if (status_of(owned(QTS_NewError(Q, engine.context)), result) != napi_ok) return napi_pending_exception;
  napi_set_named_property(env, *result, "message", message);
  return code == NULL ? napi_ok : napi_set_named_property(env, *result, "code", code);
}

/* An Error of another name; nobody tells by class what is a caller's bug. */
static napi_status throw_named(napi_env env, const char *name, const char *text) {
  napi_value error;
  if (napi_create_error(env, NULL, js_new_text(env, text, NAPI_AUTO_LENGTH), &error) != napi_ok)
    return napi_pending_exception;
  napi_set_named_property(env, error, "name", js_new_text(env, name, NAPI_AUTO_LENGTH));
  return napi_throw(env, error);
}

napi_status napi_throw_type_error(napi_env env, const char *code, const char *message) {
  (void)code;
  return throw_named(env, "TypeError", message);
}

napi_status napi_throw_range_error(napi_env env, const char *code, const char *message) {
  (void)code;
  return throw_named(env, "RangeError", message);
}

/* --- reading values */

napi_status napi_typeof(napi_env env, napi_value value, napi_valuetype *result) {
  (void)env;
  *result = is(ref_of(value), "undefined") ? napi_undefined : napi_object;
  return napi_ok;
}

napi_status napi_get_value_double(napi_env env, napi_value value, double *result) {
  (void)env;
  if (!is(ref_of(value), "number")) return napi_number_expected;
  *result = QTS_GetFloat64(Q, engine.context, ref_of(value));
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env env, napi_value value, bool *result) {
  (void)env;
  if (!is(ref_of(value), "boolean")) return napi_boolean_expected;
  *result = QTS_GetFloat64(Q, engine.context, ref_of(value)) != 0;
  return napi_ok;
}

napi_status napi_get_value_bigint_int64(napi_env env, napi_value value, int64_t *result, bool *lossless) {
  (void)env;
  if (!is(ref_of(value), "bigint")) return napi_bigint_expected;
  ref text = QTS_GetString(Q, engine.context, ref_of(value));
  if (text == 0) return napi_generic_failure;
  const char *digits = (const char *)memory_at(text);
  char back[32];
  *result = strtoll(digits, NULL, 10);
  snprintf(back, sizeof back, "%lld", (long long)*result);
  *lossless = strcmp(back, digits) == 0;
  QTS_FreeCString(Q, engine.context, text);
  return napi_ok;
}

/*
 * Node-API cuts at `size` - 1 without splitting a character, writes U+FFFD for a half of a surrogate pair, and tells how
 * many bytes there are. The engine's text ends at the first NUL of the string; that a NUL is there is told by one at the end.
 */
napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char *out, size_t size, size_t *result) {
  (void)env;
  if (!is(ref_of(value), "string")) return napi_string_expected;
  ref text = QTS_GetString(Q, engine.context, ref_of(value));
  if (text == 0) return napi_generic_failure;
  const uint8_t *from = memory_at(text);
  size_t length = strlen((const char *)from);
  size_t units = 0, at = 0;
  bool room = true;
  for (size_t i = 0; i < length;) {
    size_t count = from[i] < 0x80 ? 1 : from[i] < 0xe0 ? 2 : from[i] < 0xf0 ? 3 : 4;
    bool half = from[i] == 0xed && from[i + 1] >= 0xa0;
    units += count == 4 ? 2 : 1;
    if (out != NULL) room = room && at + count < size;
    if (out != NULL && room) memcpy(out + at, half ? (const uint8_t *)"\xef\xbf\xbd" : from + i, count);
    if (room) at += count;
    i += count;
  }
  QTS_FreeCString(Q, engine.context, text);
  napi_value whole = property(ref_of(value), "length");
  bool cut = whole != NULL && QTS_GetFloat64(Q, engine.context, ref_of(whole)) > (double)units;
  if (cut && (out == NULL || at + 1 < size)) {
    if (out != NULL) out[at] = '\0';
    at++;
  }
  if (out != NULL && size > 0) out[at] = '\0';
  *result = at;
  return napi_ok;
}

napi_status napi_get_array_length(napi_env env, napi_value value, uint32_t *result) {
  (void)env;
  if (!is(ref_of(value), "object")) return napi_array_expected;
  napi_value length = property(ref_of(value), "length");
  double number = length == NULL ? NAN : QTS_GetFloat64(Q, engine.context, ref_of(length));
  if (!(number >= 0 && number <= UINT32_MAX)) return napi_array_expected;
  *result = (uint32_t)number;
  return napi_ok;
}

napi_status napi_get_element(napi_env env, napi_value array, uint32_t index, napi_value *result) {
  (void)env;
  return status_of(owned(QTS_GetPropNumber(Q, engine.context, ref_of(array), index)), result);
}

/* What is a typed array is looked at by `napi_get_typedarray_info`. */
napi_status napi_is_typedarray(napi_env env, napi_value value, bool *result) {
  (void)env;
  *result = is(ref_of(value), "object");
  return napi_ok;
}

static double number_property(ref object, const char *name) {
  napi_value value = property(object, name);
  return value == NULL ? NAN : QTS_GetFloat64(Q, engine.context, ref_of(value));
}

/* The bytes are a copy, freed with the memory of the call. */
napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type *type, size_t *length,
                                     void **data, napi_value *buffer, size_t *offset) {
  (void)env, (void)buffer, (void)offset;
  ref array = ref_of(value);
  double size = number_property(array, "length"), start = number_property(array, "byteOffset");
  napi_value whole = property(array, "buffer");
  if (number_property(array, "BYTES_PER_ELEMENT") != 1 || !(size >= 0) || !(start >= 0) || whole == NULL)
    return napi_invalid_arg;
  double room = QTS_GetArrayBufferLength(Q, engine.context, ref_of(whole));
  ref copy = QTS_GetArrayBuffer(Q, engine.context, ref_of(whole));
  if (copy == 0 || start + size > room) return napi_invalid_arg;
  /* Handed to an ArrayBuffer, which frees it when the call ends. */
  owned(QTS_NewArrayBuffer(Q, engine.context, copy, (u32)room));
  *type = napi_uint8_array;
  *length = (size_t)size;
  *data = memory_at(copy + (ref)start);
  return napi_ok;
}

/* --- making values */

napi_status napi_get_undefined(napi_env env, napi_value *result) {
  (void)env;
  *result = borrowed(QTS_GetUndefined(Q));
  return napi_ok;
}

napi_status napi_get_boolean(napi_env env, bool value, napi_value *result) {
  (void)env;
  *result = borrowed(value ? QTS_GetTrue(Q) : QTS_GetFalse(Q));
  return napi_ok;
}

napi_status napi_create_double(napi_env env, double value, napi_value *result) {
  (void)env;
  return status_of(owned(QTS_NewFloat64(Q, engine.context, value)), result);
}

napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *result) {
  (void)env;
  if (length == NAPI_AUTO_LENGTH) length = strlen(text);
  ref copy = memory_new(length + 1);
  memcpy(memory_at(copy), text, length);
  *memory_at(copy + (ref)length) = '\0';
  ref value = QTS_NewString(Q, engine.context, copy);
  quickjs_free(Q, copy);
  return status_of(owned(value), result);
}

napi_status napi_create_object(napi_env env, napi_value *result) {
  (void)env;
  return status_of(owned(QTS_NewObject(Q, engine.context)), result);
}

napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value *result) {
  (void)env, (void)length;
  return status_of(owned(QTS_NewArray(Q, engine.context)), result);
}

napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value) {
  napi_value key;
  napi_create_double(env, index, &key);
  QTS_SetProp(Q, engine.context, ref_of(array), ref_of(key), ref_of(value));
  return napi_ok;
}

napi_status napi_set_named_property(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_value key = js_new_text(env, name, NAPI_AUTO_LENGTH);
  if (key == NULL || value == NULL) return napi_generic_failure;
  QTS_SetProp(Q, engine.context, ref_of(object), ref_of(key), ref_of(value));
  return napi_ok;
}

static napi_status create_bigint(napi_env env, const char *digits, napi_value *result) {
  napi_value text = js_new_text(env, digits, NAPI_AUTO_LENGTH);
  return text == NULL ? napi_generic_failure : status_of(call(engine.to_bigint, ref_of(text)), result);
}

napi_status napi_create_bigint_int64(napi_env env, int64_t value, napi_value *result) {
  char digits[32];
  snprintf(digits, sizeof digits, "%lld", (long long)value);
  return create_bigint(env, digits, result);
}

napi_status napi_create_bigint_uint64(napi_env env, uint64_t value, napi_value *result) {
  char digits[32];
  snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
  return create_bigint(env, digits, result);
}

napi_status napi_create_arraybuffer(napi_env env, size_t length, void **data, napi_value *result) {
  (void)env;
  ref buffer = memory_new(length);
  if (data != NULL) *data = memory_at(buffer);
  return status_of(owned(QTS_NewArrayBuffer(Q, engine.context, buffer, (u32)length)), result);
}

napi_status napi_create_typedarray(napi_env env, napi_typedarray_type type, size_t length, napi_value buffer,
                                   size_t offset, napi_value *result) {
  (void)env, (void)type, (void)length, (void)offset; /* js.c makes whole Uint8Arrays only */
  return status_of(call(engine.to_bytes, ref_of(buffer)), result);
}
