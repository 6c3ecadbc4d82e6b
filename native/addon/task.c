#include "task.h"

#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static napi_value finish(napi_env env, struct task *task) {
  return task->status < 0 ? js_new_error(env, &task->error) : task->kind->result(env, task);
}

napi_value task_call(napi_env env, struct task *task) {
  task->status = task->kind->run(task, false);
  napi_value value = finish(env, task);
  if (task->status < 0 && value != NULL) {
    napi_throw(env, value);
    value = NULL;
  }
  task->kind->drop(task);
  return value;
}

static void discard(struct task *task) {
  task->kind->drop(task);
  free(task);
}

static void settle(napi_env env, struct task *task) {
  napi_value value = finish(env, task);
  if (value != NULL && task->status >= 0)
    napi_resolve_deferred(env, task->deferred, value);
  else
    napi_reject_deferred(env, task->deferred, value == NULL ? js_undefined(env) : value);
}

/* On JavaScript's thread. `env` is NULL while the environment is taken down: nobody is left to tell. */
static void on_done(napi_env env, napi_value callback, void *context, void *data) {
  (void)callback;
  (void)context;
  struct task *task = data;
  if (env != NULL) settle(env, task);
  discard(task);
}

static void *on_thread(void *argument) {
  struct task *task = argument;
  napi_threadsafe_function done = task->done;
  task->status = task->kind->run(task, true);
  /* Not napi_ok only when the environment is going: `task` is still ours then. */
  if (napi_call_threadsafe_function(done, task, napi_tsfn_nonblocking) != napi_ok)
    discard(task);
  else
    napi_release_threadsafe_function(done, napi_tsfn_release);
  return NULL;
}

/* The thread, and the function it reports through. */
static int launch(napi_env env, struct task *task) {
  napi_value name = js_new_text(env, task->kind->name, NAPI_AUTO_LENGTH);
  if (napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, on_done, &task->done) != napi_ok)
    return fail_with(&task->error, "napi_create_threadsafe_function", ENOMEM, NULL);
  pthread_t thread;
  int err = thread_start(&thread, 1, on_thread, task);
  if (err == 0) return 0;
  napi_release_threadsafe_function(task->done, napi_tsfn_abort);
  return fail_with(&task->error, "pthread_create", err, NULL);
}

napi_value task_start(napi_env env, const struct task *arguments, size_t size) {
  napi_value promise;
  struct task *task = malloc(size);
  if (task == NULL) {
    struct sys_error error;
    fail(&error, "malloc", NULL);
    return js_throw(env, &error);
  }
  memcpy(task, arguments, size);
  if (napi_create_promise(env, &task->deferred, &promise) != napi_ok) {
    free(task);
    return NULL; /* with the engine's exception */
  }
  int status = task->kind->prepare(task);
  if (status == 0) status = launch(env, task);
  if (status == 0) return promise; /* the task is the thread's from here on: it may have written its own status already */
  task->status = status;
  settle(env, task);
  discard(task);
  return promise;
}
