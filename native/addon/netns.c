#include "addon.h"
#include "cancel.h"
#include "netns.h"

#include <errno.h>
#include <unistd.h>

static napi_value js_open(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "netnsOpen", 1, &args) || !js_path(&args, 0, path)) return NULL;
  int fd = netns_open(path, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

static napi_value js_identity(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int netns;
  char text[64];
  if (!js_args(env, info, "netnsIdentity", 1, &args) || !js_fd(&args, 0, true, &netns)) return NULL;
  if (netns_identity(netns, text, sizeof text, &error) < 0) return js_throw(env, &error);
  return js_new_text(env, text, NAPI_AUTO_LENGTH);
}

static napi_value on_path(napi_env env, napi_callback_info info, const char *name,
                          int (*work)(const char *path, struct sys_error *error)) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, name, 1, &args) || !js_path(&args, 0, path)) return NULL;
  return work(path, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

static napi_value js_create(napi_env env, napi_callback_info info) {
  return on_path(env, info, "netnsCreate", netns_create);
}

static napi_value js_delete(napi_env env, napi_callback_info info) {
  return on_path(env, info, "netnsDelete", netns_delete);
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int fd;
  if (!js_args(env, info, "closeFd", 1, &args) || !js_fd(&args, 0, false, &fd)) return NULL;
  cancel_all(fd);
  if (close(fd) == 0 || errno == EINTR) return js_undefined(env); /* on Linux it is closed even when interrupted */
  fail(&error, "close", NULL);
  return js_throw(env, &error);
}

const struct function netns_functions[] = {
    {"netnsOpen", js_open},     {"netnsIdentity", js_identity}, {"netnsCreate", js_create},
    {"netnsDelete", js_delete}, {"closeFd", js_close},          {NULL, NULL},
};
