#include "run.h"

#include "addon.h"
#include "exec.h"
#include "signame.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

struct call {
  struct task task;
  char path[PATH_MAX];
  char cwd[PATH_MAX];
  bool has_cwd;
  char **argv;
  char **env;
  const uint8_t *input;
  size_t length;
  uint8_t *owned; /* a copy of the input, in the asynchronous form */
  int64_t timeout_ms;
  int64_t max_output;
  int keep; /* 0 for none */
  struct run_result result;
};

static int prepare(struct task *task) {
  struct call *call = (struct call *)task;
  if (call->length == 0) return 0;
  call->owned = malloc(call->length);
  if (call->owned == NULL) return fail(&task->error, "malloc", NULL);
  memcpy(call->owned, call->input, call->length);
  call->input = call->owned;
  return 0;
}

static int run_program(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  (void)own_thread;
  call->argv[0] = call->path;
  const struct program program = {
      .path = call->path, .argv = call->argv, .env = call->env, .cwd = call->has_cwd ? call->cwd : NULL, .keep = call->keep};
  return run(&program, call->input, call->length, call->timeout_ms, (size_t)call->max_output, &call->result,
             &task->error);
}

static bool set(napi_env env, napi_value object, const char *name, napi_value value) {
  return value != NULL && napi_set_named_property(env, object, name, value) == napi_ok;
}

static napi_value result_of(napi_env env, struct task *task) {
  static const char *const stops[] = {[RUN_TIMEOUT] = "timeout", [RUN_OUTPUT] = "output"};
  const struct run_result *result = &((struct call *)task)->result;
  char name[16];
  napi_value object;
  napi_value none = js_undefined(env);
  napi_value code = result->exit_code < 0 ? none : js_new_number(env, result->exit_code);
  napi_value signal = result->signal <= 0 ? none : js_new_text(env, signame(result->signal, name), NAPI_AUTO_LENGTH);
  napi_value stopped =
      result->stop == RUN_NOT_STOPPED ? none : js_new_text(env, stops[result->stop], NAPI_AUTO_LENGTH);
  bool made = napi_create_object(env, &object) == napi_ok &&
              set(env, object, "stdout", js_new_bytes(env, result->out.data, result->out.length)) &&
              set(env, object, "stderr", js_new_bytes(env, result->err.data, result->err.length)) &&
              set(env, object, "exitCode", code) && set(env, object, "signal", signal) &&
              set(env, object, "stopped", stopped);
  return made ? object : NULL;
}

static void drop(struct task *task) {
  struct call *call = (struct call *)task;
  free(call->argv);
  free(call->env);
  free(call->owned);
  run_free(&call->result);
}

static const struct task_kind kind = {"run", prepare, run_program, result_of, drop};

static bool read_call(napi_env env, napi_callback_info info, struct call *call) {
  struct args args;
  *call = (struct call){.task = {.kind = &kind}};
  if (!js_args(env, info, kind.name, 7, &args) || !js_path(&args, 0, call->path)) return false;
  call->has_cwd = !js_is_undefined(&args, 3);
  if (call->has_cwd && !js_path(&args, 3, call->cwd)) return false;
  if (js_bytes(&args, 4, &call->input, &call->length) &&
      js_integer(&args, 5, -1, INT64_C(1) << 40, &call->timeout_ms) &&
      js_integer(&args, 6, 0, INT64_C(1) << 40, &call->max_output) &&
      (js_is_undefined(&args, 7) || js_fd(&args, 7, false, &call->keep)) && js_texts(&args, 1, 1, &call->argv) &&
      js_texts(&args, 2, 0, &call->env))
    return true;
  drop(&call->task);
  return false;
}

static napi_value js_run(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value js_run_async(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

static napi_value js_exec(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int netns;
  char path[PATH_MAX];
  char cwd[PATH_MAX];
  char **argv;
  char **variables;
  if (!js_args(env, info, "exec", 5, &args) || !js_fd(&args, 0, true, &netns) || !js_path(&args, 1, path)) return NULL;
  bool has_cwd = !js_is_undefined(&args, 4);
  if (has_cwd && !js_path(&args, 4, cwd)) return NULL;
  if (!js_texts(&args, 2, 0, &argv)) return NULL;
  if (!js_texts(&args, 3, 0, &variables)) {
    free(argv);
    return NULL;
  }
  exec_in(netns, path, argv, variables, has_cwd ? cwd : NULL, &error);
  free(argv);
  free(variables);
  return js_throw(env, &error);
}

const struct function run_functions[] = {{"run", js_run}, {"runAsync", js_run_async}, {"exec", js_exec}, {NULL, NULL}};
