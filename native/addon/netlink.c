#include "addon.h"
#include "cancel.h"
#include "netlink.h"
#include "netns.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static napi_value js_open(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int64_t protocol;
  int netns;
  if (!js_args(env, info, "netlinkOpen", 2, &args) || !js_integer(&args, 0, 0, INT_MAX, &protocol) ||
      !js_fd(&args, 1, true, &netns))
    return NULL;
  int fd = netlink_open((int)protocol, netns, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

static napi_value js_subscribe(napi_env env, napi_callback_info info) {
  enum { MAX_GROUPS = 64 };
  struct args args;
  struct sys_error error;
  int fd;
  uint32_t groups[MAX_GROUPS];
  uint32_t count;
  if (!js_args(env, info, "netlinkSubscribe", 2, &args) || !js_fd(&args, 0, false, &fd)) return NULL;
  if (napi_get_array_length(env, args.at[1], &count) != napi_ok || count > MAX_GROUPS) {
    napi_throw_type_error(env, NULL, "netlinkSubscribe: argument 2 must be an array of at most 64 groups");
    return NULL;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct args element = {.env = env, .function = "netlinkSubscribe: a group"};
    int64_t group;
    if (napi_get_element(env, args.at[1], i, &element.at[0]) != napi_ok ||
        !js_integer(&element, 0, 1, UINT32_MAX, &group))
      return NULL;
    groups[i] = (uint32_t)group;
  }
  return netlink_subscribe(fd, groups, count, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

enum { MAX_WANTED = 1024 };

/* An exchange or a receive. The asynchronous forms work on a duplicate, so that closing and reusing the number is safe. */
struct transfer {
  struct task task;
  int fd;
  int duplicate; /* -1 in the plain forms */
  int64_t timeout_ms;
  const uint8_t *request;
  size_t length;
  uint8_t *owned; /* a copy of the request, in the asynchronous form */
  uint8_t wanted[MAX_WANTED];
  size_t wanted_length;
  struct bytes answer;
  struct cancel cancel;
};

/*
 * Two exchanges at once on one socket would take each other's answers, so the second waits for the first. By number of
 * the descriptor; that two far apart share a lock costs a wait, nothing else.
 */
enum { LOCKS = 1024 };
static pthread_mutex_t busy[LOCKS] = {[0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER};

static int run_exchange(struct task *task, bool own_thread) {
  struct transfer *transfer = (struct transfer *)task;
  struct netlink_peer peer;
  if (netlink_peer(own_thread ? transfer->duplicate : transfer->fd, &peer, &task->error) < 0) return -1;
  pthread_mutex_t *lock = &busy[transfer->fd % LOCKS];
  pthread_mutex_lock(lock);
  int result = netlink_exchange(&peer, transfer->request, transfer->length, transfer->timeout_ms, &transfer->answer,
                                &task->error);
  pthread_mutex_unlock(lock);
  if (result == 0 && transfer->wanted_length > 0)
    netlink_select(&transfer->answer, transfer->wanted, transfer->wanted_length);
  return result;
}

static int run_receive(struct task *task, bool own_thread) {
  struct transfer *transfer = (struct transfer *)task;
  struct netlink_peer peer;
  if (netlink_peer(own_thread ? transfer->duplicate : transfer->fd, &peer, &task->error) < 0) return -1;
  return netlink_receive(&peer, own_thread ? transfer->cancel.event : -1, transfer->timeout_ms, &transfer->answer,
                         &task->error);
}

static napi_value answer_of(napi_env env, struct task *task) {
  const struct transfer *transfer = (struct transfer *)task;
  return js_new_bytes(env, transfer->answer.data, transfer->answer.length);
}

static napi_value datagram_of(napi_env env, struct task *task) {
  return task->status == 0 ? js_undefined(env) : answer_of(env, task);
}

static void drop_exchange(struct task *task) {
  struct transfer *transfer = (struct transfer *)task;
  if (transfer->duplicate >= 0) close(transfer->duplicate);
  free(transfer->owned);
  bytes_free(&transfer->answer);
}

static void drop_receive(struct task *task) {
  struct transfer *transfer = (struct transfer *)task;
  if (transfer->duplicate >= 0) cancel_leave(&transfer->cancel);
  drop_exchange(task);
}

static int prepare_exchange(struct task *task) {
  struct transfer *transfer = (struct transfer *)task;
  if (transfer->length > 0) {
    transfer->owned = malloc(transfer->length);
    if (transfer->owned == NULL) return fail(&task->error, "malloc", NULL);
    memcpy(transfer->owned, transfer->request, transfer->length);
    transfer->request = transfer->owned;
  }
  transfer->duplicate = fcntl(transfer->fd, F_DUPFD_CLOEXEC, 3);
  return transfer->duplicate < 0 ? fail(&task->error, "dup", NULL) : 0;
}

static int prepare_receive(struct task *task) {
  struct transfer *transfer = (struct transfer *)task;
  int duplicate = fcntl(transfer->fd, F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) return fail(&task->error, "dup", NULL);
  if (cancel_join(&transfer->cancel, transfer->fd, &task->error) < 0) {
    close(duplicate);
    return -1;
  }
  transfer->duplicate = duplicate;
  return 0;
}

static const struct task_kind exchange = {"netlinkExchange", prepare_exchange, run_exchange, answer_of, drop_exchange};
static const struct task_kind receive = {"netlinkReceive", prepare_receive, run_receive, datagram_of, drop_receive};

/* The stretches of bytes to look for, if they are given. */
static bool read_wanted(const struct args *args, struct transfer *out) {
  enum { AT = 3 };
  const uint8_t *wanted;
  if (args->at[AT] == NULL || js_is_undefined(args, AT)) return true;
  if (!js_bytes(args, AT, &wanted, &out->wanted_length)) return false;
  if (out->wanted_length > sizeof out->wanted) {
    napi_throw_range_error(args->env, NULL, "netlinkExchange: argument 4 has more than 1024 bytes");
    return false;
  }
  if (out->wanted_length > 0) memcpy(out->wanted, wanted, out->wanted_length);
  return true;
}

static bool read_transfer(napi_env env, napi_callback_info info, const struct task_kind *kind, struct transfer *out) {
  struct args args;
  *out = (struct transfer){.task = {.kind = kind}, .duplicate = -1};
  size_t count = kind == &exchange ? 3 : 2;
  return js_args(env, info, kind->name, count, &args) && js_fd(&args, 0, false, &out->fd) &&
         (kind == &receive || (js_bytes(&args, 1, &out->request, &out->length) && read_wanted(&args, out))) &&
         js_integer(&args, count - 1, -1, INT64_C(1) << 40, &out->timeout_ms);
}

static napi_value plain(napi_env env, napi_callback_info info, const struct task_kind *kind) {
  struct transfer transfer;
  if (!read_transfer(env, info, kind, &transfer)) return NULL;
  return task_call(env, &transfer.task);
}

static napi_value asynchronous(napi_env env, napi_callback_info info, const struct task_kind *kind) {
  struct transfer transfer;
  if (!read_transfer(env, info, kind, &transfer)) return NULL;
  return task_start(env, &transfer.task, sizeof transfer);
}

static napi_value js_exchange(napi_env env, napi_callback_info info) {
  return plain(env, info, &exchange);
}

static napi_value js_exchange_async(napi_env env, napi_callback_info info) {
  return asynchronous(env, info, &exchange);
}

static napi_value js_receive(napi_env env, napi_callback_info info) {
  return plain(env, info, &receive);
}

static napi_value js_receive_async(napi_env env, napi_callback_info info) {
  return asynchronous(env, info, &receive);
}

static napi_value js_close_aside(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int fd;
  if (!js_args(env, info, "netlinkCloseAside", 1, &args) || !js_fd(&args, 0, false, &fd)) return NULL;
  cancel_all(fd);
  if (netlink_close_aside(fd) == 0 || errno == EINTR) return js_undefined(env);
  fail(&error, "close", NULL);
  return js_throw(env, &error);
}

const struct function netlink_functions[] = {
    {"netlinkOpen", js_open},
    {"netlinkExchange", js_exchange},
    {"netlinkExchangeAsync", js_exchange_async},
    {"netlinkSubscribe", js_subscribe},
    {"netlinkReceive", js_receive},
    {"netlinkReceiveAsync", js_receive_async},
    {"netlinkCloseAside", js_close_aside},
    {NULL, NULL},
};
