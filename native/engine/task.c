/*
 * The addon's calls that can block: the plain form only. The bundle has the asynchronous ones call it (src/main/engine/globals.ts).
 */
#include "task.h"

#include <errno.h>

napi_value task_call(napi_env env, struct task *task) {
  task->status = task->kind->run(task, false);
  napi_value value = task->status < 0 ? js_throw(env, &task->error) : task->kind->result(env, task);
  task->kind->drop(task);
  return value;
}

napi_value task_start(napi_env env, const struct task *task, size_t size) {
  (void)size;
  struct task copy = *task;
  fail_with(&copy.error, task->kind->name, ENOSYS, "this engine has no threads");
  return js_throw(env, &copy.error);
}
