#ifndef TSNET_TASK_H
#define TSNET_TASK_H

#include "js.h"

/*
 * A call that can block, in its two forms. `run` touches no JavaScript and is told whether it has a thread of its own;
 * `result` turns what it left in `task` into a value, on JavaScript's thread. `drop` frees what the call owns, however far
 * it came. `prepare` is for the asynchronous form only, on JavaScript's thread: it makes the call independent of the
 * arguments' memory and descriptors.
 */
struct task;
struct task_kind {
  const char *name;
  int (*prepare)(struct task *task);
  int (*run)(struct task *task, bool own_thread);
  napi_value (*result)(napi_env env, struct task *task);
  void (*drop)(struct task *task);
};

struct task {
  const struct task_kind *kind;
  struct sys_error error;
  int status; /* what `run` returned; -1 is failure */
  napi_deferred deferred;
  napi_threadsafe_function done;
};

/* Runs it here: the value, or NULL with the SystemError thrown. The task is the caller's, its contents are dropped. */
napi_value task_call(napi_env env, struct task *task);
/*
 * Runs a copy of it (`size` bytes, beginning with the task) on a thread of its own and returns the promise. The event loop
 * is held open until the promise is settled.
 */
napi_value task_start(napi_env env, const struct task *task, size_t size);

#endif
