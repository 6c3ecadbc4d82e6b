#include "inside.h"

#include "addon.h"
#include "task.h"

struct call {
  struct task task;
  char root[PATH_MAX];
  char path[PATH_MAX];
  int64_t max;
  struct bytes out;
};

/* Nothing of it is JavaScript's. */
static int prepare(struct task *task) {
  (void)task;
  return 0;
}

static int run(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  (void)own_thread;
  return file_read_inside(call->root, call->path, (size_t)call->max, &call->out, &task->error);
}

static napi_value bytes_of(napi_env env, struct task *task) {
  const struct call *call = (struct call *)task;
  return js_new_bytes(env, call->out.data, call->out.length);
}

static void drop(struct task *task) {
  bytes_free(&((struct call *)task)->out);
}

static const struct task_kind read_inside = {"readFileInside", prepare, run, bytes_of, drop};

static bool read_call(napi_env env, napi_callback_info info, struct call *call) {
  struct args args;
  call->task.kind = &read_inside;
  call->out = (struct bytes){0};
  return js_args(env, info, read_inside.name, 3, &args) && js_path(&args, 0, call->root) &&
         js_path(&args, 1, call->path) && js_integer(&args, 2, 0, 1 << 30, &call->max);
}

static napi_value js_read(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value js_read_async(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

const struct function inside_functions[] = {
    {"readFileInside", js_read},
    {"readFileInsideAsync", js_read_async},
    {NULL, NULL},
};
