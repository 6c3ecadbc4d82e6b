#include "sysctl.h"

#include "addon.h"
#include "netns.h"
#include "task.h"

#include <fcntl.h>
#include <unistd.h>

enum { MAX_KEY = 512, MAX_VALUE = 4096 };

struct call {
  struct task task;
  int netns;
  int duplicate; /* -1 in the plain forms and for NETNS_OWN */
  char key[MAX_KEY];
  char value[MAX_VALUE];
  struct bytes out;
};

static int prepare(struct task *task) {
  struct call *call = (struct call *)task;
  if (call->netns == NETNS_OWN) return 0;
  call->duplicate = fcntl(call->netns, F_DUPFD_CLOEXEC, 3);
  if (call->duplicate < 0) return fail(&task->error, "dup", NULL);
  call->netns = call->duplicate;
  return 0;
}

static int run_get(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  return sysctl_get(call->netns, own_thread, call->key, &call->out, &task->error);
}

static int run_set(struct task *task, bool own_thread) {
  const struct call *call = (struct call *)task;
  return sysctl_set(call->netns, own_thread, call->key, call->value, &task->error);
}

static napi_value value_of(napi_env env, struct task *task) {
  const struct call *call = (struct call *)task;
  return js_new_text(env, call->out.length == 0 ? "" : (const char *)call->out.data, call->out.length);
}

static napi_value nothing(napi_env env, struct task *task) {
  (void)task;
  return js_undefined(env);
}

static void drop(struct task *task) {
  struct call *call = (struct call *)task;
  if (call->duplicate >= 0) close(call->duplicate);
  bytes_free(&call->out);
}

static const struct task_kind get = {"sysctlGet", prepare, run_get, value_of, drop};
static const struct task_kind set = {"sysctlSet", prepare, run_set, nothing, drop};

static bool read_call(napi_env env, napi_callback_info info, const struct task_kind *kind, struct call *call) {
  struct args args;
  call->task.kind = kind;
  call->duplicate = -1;
  call->out = (struct bytes){0};
  return js_args(env, info, kind->name, kind == &set ? 3 : 2, &args) && js_fd(&args, 0, true, &call->netns) &&
         js_text(&args, 1, call->key, sizeof call->key) &&
         (kind == &get || js_text(&args, 2, call->value, sizeof call->value));
}

static napi_value plain(napi_env env, napi_callback_info info, const struct task_kind *kind) {
  struct call call;
  return read_call(env, info, kind, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value asynchronous(napi_env env, napi_callback_info info, const struct task_kind *kind) {
  struct call call;
  return read_call(env, info, kind, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

static napi_value js_get(napi_env env, napi_callback_info info) {
  return plain(env, info, &get);
}

static napi_value js_get_async(napi_env env, napi_callback_info info) {
  return asynchronous(env, info, &get);
}

static napi_value js_set(napi_env env, napi_callback_info info) {
  return plain(env, info, &set);
}

static napi_value js_set_async(napi_env env, napi_callback_info info) {
  return asynchronous(env, info, &set);
}

const struct function sysctl_functions[] = {
    {"sysctlGet", js_get},
    {"sysctlGetAsync", js_get_async},
    {"sysctlSet", js_set},
    {"sysctlSetAsync", js_set_async},
    {NULL, NULL},
};
