#include "report.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct wire {
  int kind;
  int exit_code;
  int err;
  char op[32];
  char path[PATH_MAX];
};

static void send_wire(int sync, const struct wire *wire, int fd) {
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof fd)];
  } control = {0};
  struct iovec piece = {.iov_base = (void *)wire, .iov_len = offsetof(struct wire, path) + strlen(wire->path) + 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  while (sendmsg(sync, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) continue;
}

static void send_error(int sync, int kind, const struct sys_error *error, int exit_code) {
  struct wire wire = {.kind = kind, .exit_code = exit_code, .err = error->err};
  snprintf(wire.op, sizeof wire.op, "%s", error->op);
  memcpy(wire.path, error->path, strnlen(error->path, sizeof wire.path - 1));
  send_wire(sync, &wire, -1);
}

void report_created(int sync) {
  struct wire wire = {.kind = REPORT_CREATED};
  send_wire(sync, &wire, -1);
}

void report_failed(int sync, const struct sys_error *error, int exit_code) {
  send_error(sync, REPORT_FAILED, error, exit_code);
}

void report_warning(int sync, const struct sys_error *error) {
  send_error(sync, REPORT_WARNING, error, 0);
}

void report_terminal(int sync, int master) {
  struct wire wire = {.kind = REPORT_TERMINAL};
  send_wire(sync, &wire, master);
}

void report_pid(int sync, int pid) {
  struct wire wire = {.kind = REPORT_PID, .exit_code = pid};
  send_wire(sync, &wire, -1);
}

bool report_wait(int sync) {
  char byte;
  ssize_t got;
  while ((got = read(sync, &byte, 1)) < 0 && errno == EINTR) continue;
  return got == 1;
}

bool report_go(int sync) {
  ssize_t put;
  while ((put = send(sync, "g", 1, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
  return put == 1;
}

int report_receive(int sync, struct report *report) {
  struct wire wire;
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec piece = {.iov_base = &wire, .iov_len = sizeof wire};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  ssize_t got;
  while ((got = recvmsg(sync, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
  if (got <= 0) {
    /* A process that died with something of ours unread. */
    return got == 0 || errno == ECONNRESET ? 0 : -1;
  }
  report->fd = -1;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head != NULL && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
    memcpy(&report->fd, CMSG_DATA(head), sizeof(int));
  /* Whatever was sent, it ends. */
  if ((size_t)got <= offsetof(struct wire, path)) memset((char *)&wire + got, 0, sizeof wire - (size_t)got);
  wire.op[sizeof wire.op - 1] = '\0';
  wire.path[(size_t)got > offsetof(struct wire, path) ? (size_t)got - offsetof(struct wire, path) - 1 : 0] = '\0';
  if (report->fd >= 0 && wire.kind != REPORT_TERMINAL) {
    close(report->fd);
    report->fd = -1;
  }
  report->kind = (enum report_kind)wire.kind;
  report->exit_code = wire.exit_code;
  memcpy(report->op, wire.op, sizeof report->op);
  fail_with(&report->error, report->op, wire.err, wire.path);
  return 1;
}
