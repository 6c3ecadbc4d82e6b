#include "monitor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 32 << 10, HUNG_MS = 200, LINGER_MS = 30000 };

int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void monitor_write_state(struct monitor *monitor) {
  monitor->state.log_dropped = monitor->log.dropped;
  state_write(&monitor->state, monitor->dir, config_text(&monitor->config, TAG_RECORD, NULL));
}

bool monitor_read_output(struct monitor *monitor, int stream) {
  static char buffer[READ_SIZE];
  int *fd = &monitor->streams.out[stream];
  if (*fd < 0) return false;
  ssize_t got = read(*fd, buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0 && monitor->streams.terminal) {
    /* Nobody has it open at the moment; somebody may open it again. */
    monitor->hung_until = monotonic_ms() + HUNG_MS;
    return false;
  }
  if (got <= 0) {
    close(*fd);
    *fd = -1;
    return false;
  }
  log_add(&monitor->log, stream, buffer, (size_t)got, now_ns());
  clients_output(&monitor->clients, stream, buffer, (size_t)got);
  return true;
}

void monitor_answer_start(struct monitor *monitor) {
  const struct failure *failure = monitor->state.failure;
  if (monitor->starter == NULL) return;
  if (failure != NULL) client_error(monitor->starter, failure->exit_code, failure->err, failure->message);
  else client_ok(monitor->starter);
  monitor->starter = NULL;
}

/* As a subreaper we get children of others too: those of a container without a pid namespace. */
static void reap(struct monitor *monitor) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == monitor->state.pid && monitor->pidfd < 0) monitor_ended(monitor, status);
}

static void read_signals(struct monitor *monitor) {
  struct signalfd_siginfo info;
  while (read(monitor->signals, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGTERM) continue;
    /* The machine goes down: the container is stopped in order, and is to come again after that. */
    monitor->restart.policy = RESTART_NO;
    monitor_stop(monitor, monitor->stop_signal, monitor->stop_timeout_ms);
  }
}

static int64_t earliest(int64_t a, int64_t b) {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

static int poll_timeout(const struct monitor *monitor, int64_t linger_until) {
  int64_t at = earliest(earliest(monitor->kill_at, monitor->restart_at), earliest(monitor->unused_until, monitor->hung_until));
  at = earliest(at, linger_until);
  if (at == 0) return -1;
  int64_t left = at - monotonic_ms();
  return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void run_timers(struct monitor *monitor) {
  int64_t now = monotonic_ms();
  if (monitor->hung_until != 0 && now >= monitor->hung_until) monitor->hung_until = 0;
  if (monitor->kill_at != 0 && now >= monitor->kill_at) {
    monitor->kill_at = 0;
    monitor_signal(monitor, SIGKILL);
  }
  if (monitor->unused_until != 0 && now >= monitor->unused_until) {
    monitor->unused_until = 0;
    monitor_signal(monitor, SIGKILL);
  }
  if (monitor->restart_at != 0 && now >= monitor->restart_at) monitor_restart(monitor);
}

/* What is polled: fixed places first, then clients in their order. */
enum { AT_SIGNALS, AT_SYNC, AT_PIDFD, AT_INPUT, AT_STDOUT, AT_STDERR, AT_LISTENER, FIXED };

static size_t fill_poll(struct monitor *monitor, struct pollfd *poll) {
  bool congested = clients_congested(&monitor->clients), full = streams_input_full(&monitor->streams);
  const struct streams *streams = &monitor->streams;
  bool hears = !congested && monitor->hung_until == 0;
  poll[AT_SIGNALS] = (struct pollfd){.fd = monitor->signals, .events = POLLIN};
  poll[AT_SYNC] = (struct pollfd){.fd = monitor->going ? monitor->sync : -1, .events = POLLIN};
  poll[AT_PIDFD] = (struct pollfd){.fd = monitor->pidfd, .events = POLLIN};
  poll[AT_INPUT] = (struct pollfd){.fd = streams->pending.length > 0 ? streams->in : -1, .events = POLLOUT};
  for (int i = 0; i < 2; i++) poll[AT_STDOUT + i] = (struct pollfd){.fd = hears ? streams->out[i] : -1, .events = POLLIN};
  poll[AT_LISTENER] = (struct pollfd){.fd = monitor->clients.listener, .events = POLLIN};
  for (size_t i = 0; i < monitor->clients.count; i++) {
    const struct client *client = monitor->clients.client[i];
    short events = 0;
    /*
     * One that sends faster than the container reads is not listened to meanwhile, nor is one whose START is not decided yet: answers
     * come in the order of the requests.
     */
    if (!client->leaves && client != monitor->starter && !(full && client->attached & ATTACH_STDIN)) events |= POLLIN;
    if (client->out.length > client->out_at) events |= POLLOUT;
    poll[FIXED + i] = (struct pollfd){.fd = client->fd, .events = events};
  }
  return FIXED + monitor->clients.count;
}

/* False when the client is to go. */
static bool serve_client(struct monitor *monitor, struct client *client, short events) {
  uint32_t type, length;
  const uint8_t *payload;
  if (events & POLLIN && !client->leaves) {
    int result = client_read(client, &type, &payload, &length);
    if (result < 0) return false;
    if (result > 0) monitor_request(monitor, client, type, payload, length);
  } else if (events & (POLLHUP | POLLERR)) {
    return false;
  }
  client_write(client);
  return !client->leaves || client->out.length > client->out_at;
}

static void serve_clients(struct monitor *monitor, const struct pollfd *poll, size_t count) {
  /* Backwards, since the last takes the place of one that goes; those accepted meanwhile are not in `poll`. */
  for (size_t i = count; i-- > 0;) {
    struct client *client = monitor->clients.client[i];
    short events = poll[FIXED + i].revents;
    if (events == 0 && client->out.length == client->out_at && !client->leaves) continue;
    if (serve_client(monitor, client, events)) continue;
    monitor_client_gone(monitor, client);
    clients_remove(&monitor->clients, i);
  }
}

static void serve(struct monitor *monitor, const struct pollfd *poll, size_t clients) {
  if (poll[AT_INPUT].revents) streams_write(&monitor->streams);
  for (int i = 0; i < 2; i++)
    if (poll[AT_STDOUT + i].revents) monitor_read_output(monitor, i);
  if (poll[AT_SYNC].revents && monitor_started(monitor) == 1) monitor_answer_start(monitor);
  serve_clients(monitor, poll, clients);
  if (poll[AT_SIGNALS].revents) read_signals(monitor);
  if (!monitor->ended) reap(monitor);
  if (!monitor->ended && poll[AT_PIDFD].revents) {
    close(monitor->pidfd);
    monitor->pidfd = -1;
    monitor_ended(monitor, -1);
  }
  if (!monitor->ended) run_timers(monitor);
  if (monitor->clients.listener >= 0 && poll[AT_LISTENER].revents) clients_accept(&monitor->clients);
}

void monitor_run(struct monitor *monitor) {
  struct pollfd polled[FIXED + MAX_CLIENTS];
  int64_t linger_until = 0;
  for (;;) {
    if (monitor->ended) {
      /* What was said last still reaches those who read; whoever has the rest lossless may take its time. */
      bool patient = clients_attached(&monitor->clients, ATTACH_LOSSLESS) > 0;
      if (linger_until == 0 && !patient) linger_until = monotonic_ms() + LINGER_MS;
      bool late = linger_until != 0 && monotonic_ms() >= linger_until;
      if (late || !clients_have_queued(&monitor->clients)) return;
    }
    size_t clients = fill_poll(monitor, polled) - FIXED;
    int ready = poll(polled, FIXED + clients, poll_timeout(monitor, linger_until));
    if (ready < 0 && errno != EINTR) return;
    if (ready <= 0) memset(polled, 0, sizeof polled);
    serve(monitor, polled, clients);
  }
}
