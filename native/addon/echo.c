#include "echo.h"

#include "addon.h"
#include "netns.h"
#include "task.h"

#include <fcntl.h>
#include <unistd.h>

enum { MAX_ADDRESS = 64 };

struct call {
  struct task task;
  int netns;
  int duplicate; /* -1 in the plain form and for NETNS_OWN */
  char address[MAX_ADDRESS];
  int64_t packet;
  int64_t timeout_ms;
  int64_t round_trip_ns;
};

static int prepare(struct task *task) {
  struct call *call = (struct call *)task;
  if (call->netns == NETNS_OWN) return 0;
  call->duplicate = fcntl(call->netns, F_DUPFD_CLOEXEC, 3);
  if (call->duplicate < 0) return fail(&task->error, "dup", NULL);
  call->netns = call->duplicate;
  return 0;
}

static int run(struct task *task, bool own_thread) {
  struct call *call = (struct call *)task;
  return echo_ask(call->netns, own_thread, call->address, (size_t)call->packet, call->timeout_ms, &call->round_trip_ns,
                  &task->error);
}

static napi_value milliseconds(napi_env env, struct task *task) {
  const struct call *call = (struct call *)task;
  return call->round_trip_ns == ECHO_SILENCE ? js_undefined(env) : js_new_number(env, (double)call->round_trip_ns / 1e6);
}

static void drop(struct task *task) {
  const struct call *call = (struct call *)task;
  if (call->duplicate >= 0) close(call->duplicate);
}

static const struct task_kind echo = {"icmpEcho", prepare, run, milliseconds, drop};

static bool read_call(napi_env env, napi_callback_info info, struct call *call) {
  struct args args;
  call->task.kind = &echo;
  call->duplicate = -1;
  return js_args(env, info, echo.name, 4, &args) && js_fd(&args, 0, true, &call->netns) &&
         js_text(&args, 1, call->address, sizeof call->address) &&
         js_integer(&args, 2, ECHO_MIN_PACKET, ECHO_MAX_PACKET, &call->packet) &&
         js_integer(&args, 3, 0, INT64_C(1) << 40, &call->timeout_ms);
}

static napi_value js_echo(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_call(env, &call.task) : NULL;
}

static napi_value js_echo_async(napi_env env, napi_callback_info info) {
  struct call call;
  return read_call(env, info, &call) ? task_start(env, &call.task, sizeof call) : NULL;
}

const struct function echo_functions[] = {{"icmpEcho", js_echo}, {"icmpEchoAsync", js_echo_async}, {NULL, NULL}};
