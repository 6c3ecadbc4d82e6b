#include "lock.h"

#include "addon.h"
#include "task.h"

#include <unistd.h>

struct call {
  struct task task;
  char path[PATH_MAX];
  int64_t timeout_ms;
  int fd; /* the lock, until JavaScript has it */
};

static int prepare(struct task *task) {
  (void)task;
  return 0;
}

static int run(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  (void)own_thread;
  call->fd = lock_file(call->path, call->timeout_ms, &task->error);
  return call->fd;
}

static napi_value fd_of(napi_env env, struct task *task) {
  struct call *call = (struct call *)task;
  napi_value value = js_new_number(env, call->fd);
  if (value != NULL) call->fd = -1;
  return value;
}

static void drop(struct task *task) {
  const struct call *call = (struct call *)task;
  if (call->fd >= 0) close(call->fd);
}

static const struct task_kind lock = {"lockFile", prepare, run, fd_of, drop};

static bool read_call(napi_env env, napi_callback_info info, struct call *call) {
  struct args args;
  call->task.kind = &lock;
  call->fd = -1;
  return js_args(env, info, lock.name, 2, &args) && js_path(&args, 0, call->path) &&
         js_integer(&args, 1, -1, INT64_C(1) << 40, &call->timeout_ms);
}

static napi_value js_lock(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value js_lock_async(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

const struct function lock_functions[] = {{"lockFile", js_lock}, {"lockFileAsync", js_lock_async}, {NULL, NULL}};
