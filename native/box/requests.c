/* What clients ask for. */
#include "monitor.h"

#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint32_t CONFIGURED = 0xfffffffe, NEVER = 0xffffffff;

static uint32_t number(const uint8_t *payload, int index) {
  uint32_t value;
  memcpy(&value, payload + 4 * index, sizeof value);
  return value;
}

int monitor_signal(struct monitor *monitor, int signal_number) {
  pid_t pid = monitor->state.pid;
  if (pid <= 0) {
    errno = ESRCH;
    return -1;
  }
  /* The kernel keeps all but SIGKILL from a first process that has no handler yet. */
  if (monitor->state.status == STATUS_CREATED && !monitor->going) signal_number = SIGKILL;
  if (monitor->pidfd >= 0) return (int)syscall(SYS_pidfd_send_signal, monitor->pidfd, signal_number, NULL, 0);
  return kill(pid, signal_number); /* our child, not waited for yet: nobody else has its number */
}

void monitor_stop(struct monitor *monitor, int signal_number, uint64_t timeout_ms) {
  if (monitor->state.status == STATUS_RESTARTING) {
    monitor_finish(monitor);
    return;
  }
  monitor_signal(monitor, signal_number);
  if (timeout_ms == FOR_EVER) return;
  int64_t at = monotonic_ms() + (int64_t)(timeout_ms > 1ULL << 40 ? 1ULL << 40 : timeout_ms);
  if (monitor->kill_at == 0 || at < monitor->kill_at) monitor->kill_at = at;
}

static void attach(struct monitor *monitor, struct client *client, uint32_t bits) {
  client->attached = bits & (ATTACH_STDIN | ATTACH_OUTPUT | ATTACH_LOSSLESS);
  client->counted = true;
  monitor->unused_until = 0;
  client_ok(client);
}

static void start(struct monitor *monitor, struct client *client) {
  if (monitor_go(monitor) < 0) {
    client_error(client, EXIT_FAILED, EALREADY, "it was started before");
    return;
  }
  monitor->unused_until = 0;
  monitor->starter = client;
}

static void send_signal(struct monitor *monitor, struct client *client, uint32_t signal_number, uint32_t bits) {
  if (signal_number == 0 || signal_number >= NSIG) {
    client_error(client, EXIT_FAILED, EINVAL, "no such signal");
    return;
  }
  if (bits & 1) {
    monitor->state.manual_stop = true;
    monitor_write_state(monitor);
  }
  if (monitor_signal(monitor, (int)signal_number) < 0) client_error(client, EXIT_FAILED, errno, "it does not run");
  else client_ok(client);
}

static void stop(struct monitor *monitor, struct client *client, uint32_t signal_number, uint32_t timeout) {
  if (signal_number >= NSIG) {
    client_error(client, EXIT_FAILED, EINVAL, "no such signal");
    return;
  }
  monitor->state.manual_stop = true;
  monitor_write_state(monitor);
  client_ok(client);
  monitor_stop(monitor, signal_number == 0 ? monitor->stop_signal : (int)signal_number,
               timeout == CONFIGURED ? monitor->stop_timeout_ms : timeout == NEVER ? FOR_EVER : timeout);
}

static void change_restart(struct monitor *monitor, struct client *client, uint32_t policy, uint32_t max) {
  if (policy > RESTART_UNLESS_STOPPED) {
    client_error(client, EXIT_FAILED, EINVAL, "no such policy");
    return;
  }
  monitor->restart.policy = policy;
  monitor->restart.max = max;
  client_ok(client);
}

void monitor_request(struct monitor *monitor, struct client *client, uint32_t type, const uint8_t *payload, uint32_t length) {
  static const uint8_t numbers[] = {[ASK_ATTACH] = 1, [ASK_SIGNAL] = 2, [ASK_RESIZE] = 2, [ASK_STOP] = 2, [ASK_RESTART] = 2};
  if (type < sizeof numbers && length < numbers[type] * 4U) {
    client_error(client, EXIT_FAILED, EINVAL, "a frame is too short");
    return;
  }
  switch (type) {
    case ASK_ATTACH:
      attach(monitor, client, number(payload, 0));
      break;
    case ASK_START:
      start(monitor, client);
      break;
    case ASK_SIGNAL:
      send_signal(monitor, client, number(payload, 0), number(payload, 1));
      break;
    case ASK_RESIZE:
      streams_resize(&monitor->streams, number(payload, 0), number(payload, 1));
      break;
    case ASK_STDIN:
      if (client->attached & ATTACH_STDIN && config_number(&monitor->config, TAG_OPTIONS, 0) & OPTION_STDIN)
        streams_input(&monitor->streams, payload, length);
      break;
    case ASK_STDIN_END:
      if (client->attached & ATTACH_STDIN) streams_end_input(&monitor->streams);
      break;
    case ASK_DETACH:
      client->counted = false;
      client->leaves = true;
      break;
    case ASK_STOP:
      stop(monitor, client, number(payload, 0), number(payload, 1));
      break;
    case ASK_WAIT:
      client->waits = true;
      client_ok(client);
      break;
    case ASK_RESTART:
      change_restart(monitor, client, number(payload, 0), number(payload, 1));
      break;
    default:
      client_error(client, EXIT_FAILED, EINVAL, "a frame of unknown type");
  }
}

void monitor_client_gone(struct monitor *monitor, struct client *client) {
  uint64_t options = config_number(&monitor->config, TAG_OPTIONS, 0);
  if (monitor->starter == client) monitor->starter = NULL;
  if (!client->counted || monitor->ended) return;
  client->counted = false;
  if (client->attached & ATTACH_STDIN && options & OPTION_STDIN_ONCE) streams_end_input(&monitor->streams);
  size_t others = 0;
  for (size_t i = 0; i < monitor->clients.count; i++) others += monitor->clients.client[i]->counted;
  if (others > 0 || !monitor->is_exec || !(options & OPTION_KILL_WITH_CLIENT) || monitor->state.pid <= 0) return;
  kill(-monitor->state.pid, SIGKILL); /* it leads a session, so what it started and did not move away goes too */
  kill(monitor->state.pid, SIGKILL);
}
