#ifndef TSNET_JS_H
#define TSNET_JS_H

#define NAPI_VERSION 8
#include <node_api.h>

#include "bytes.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Between JavaScript values and C. Readers return false after throwing a TypeError or RangeError (a caller's bug), or, for
 * a path no system call could take, the SystemError that the call would have been.
 */

enum { MAX_ARGUMENTS = 8 };

struct args {
  napi_env env;
  const char *function; /* for messages */
  napi_value at[MAX_ARGUMENTS];
};

bool js_args(napi_env env, napi_callback_info info, const char *function, size_t count, struct args *args);
bool js_integer(const struct args *args, size_t at, int64_t min, int64_t max, int64_t *out);
bool js_fd(const struct args *args, size_t at, bool own_allowed, int *out);
bool js_bool(const struct args *args, size_t at, bool *out);
bool js_bigint(const struct args *args, size_t at, int64_t *out);
/* EINVAL with a NUL inside, ENAMETOOLONG from PATH_MAX on, ENOENT when empty (as the system calls say). */
bool js_path(const struct args *args, size_t at, char out[PATH_MAX]);
/* Any text without NUL below `size` bytes. */
bool js_text(const struct args *args, size_t at, char *out, size_t size);
/*
 * An array of texts without NUL as execve(2) wants it, `lead` empty places before them and NULL behind. One piece of
 * memory: free(3) `*out`.
 */
bool js_texts(const struct args *args, size_t at, size_t lead, char ***out);
/* The bytes stay JavaScript's: valid until the function returns. */
bool js_bytes(const struct args *args, size_t at, const uint8_t **data, size_t *length);

/* Makers return NULL with an exception pending when the engine cannot. */
napi_value js_undefined(napi_env env);
bool js_is_undefined(const struct args *args, size_t at);
napi_value js_new_number(napi_env env, double value);
napi_value js_new_text(napi_env env, const char *text, size_t length);
napi_value js_new_bytes(napi_env env, const uint8_t *data, size_t length);
napi_value js_new_error(napi_env env, const struct sys_error *error);
/* Throws it; returns NULL. */
napi_value js_throw(napi_env env, const struct sys_error *error);

#endif
