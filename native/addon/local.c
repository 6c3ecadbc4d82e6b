#include "local.h"

#include "addon.h"
#include "task.h"

#include <fcntl.h>
#include <unistd.h>

struct call {
  struct task task;
  int fd;
  int duplicate; /* -1 in the plain form */
  int64_t max;
  int64_t timeout_ms;
  struct bytes out;
};

static int prepare(struct task *task) {
  struct call *call = (struct call *)task;
  call->duplicate = fcntl(call->fd, F_DUPFD_CLOEXEC, 3);
  if (call->duplicate < 0) return fail(&task->error, "dup", NULL);
  call->fd = call->duplicate;
  return 0;
}

static int run(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  (void)own_thread;
  return local_receive(call->fd, (size_t)call->max, call->timeout_ms, &call->out, &task->error);
}

static napi_value bytes_of(napi_env env, struct task *task) {
  const struct call *call = (struct call *)task;
  return js_new_bytes(env, call->out.data, call->out.length);
}

static void drop(struct task *task) {
  struct call *call = (struct call *)task;
  if (call->duplicate >= 0) close(call->duplicate);
  bytes_free(&call->out);
}

static const struct task_kind receive = {"localReceive", prepare, run, bytes_of, drop};

static bool read_call(napi_env env, napi_callback_info info, struct call *call) {
  struct args args;
  *call = (struct call){.task.kind = &receive, .duplicate = -1};
  return js_args(env, info, receive.name, 3, &args) && js_fd(&args, 0, false, &call->fd) &&
         js_integer(&args, 1, 1, 1 << 20, &call->max) && js_integer(&args, 2, -1, INT64_C(1) << 40, &call->timeout_ms);
}

static napi_value js_receive(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value js_receive_async(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

static napi_value js_connect(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  if (!js_args(env, info, "localConnect", 1, &args) || !js_path(&args, 0, path)) return NULL;
  int fd = local_connect(path, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

const struct function local_functions[] = {
    {"localConnect", js_connect},
    {"localReceive", js_receive},
    {"localReceiveAsync", js_receive_async},
    {NULL, NULL},
};
