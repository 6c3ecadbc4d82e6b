#ifndef TSBOX_REPORT_H
#define TSBOX_REPORT_H

#include "error.h"

#include <stdbool.h>

/*
 * Between a monitor and the process it makes: messages over a socket of type SOCK_SEQPACKET. The process says how far it is
 * and why not further; the monitor says `go on`. End of file for the process: the monitor is gone. End of file for the monitor
 * after REPORT_CREATED and report_go: the program runs, execve(2) closed the socket.
 */

enum report_kind { REPORT_CREATED = 1, REPORT_FAILED, REPORT_WARNING, REPORT_TERMINAL, REPORT_PID };

struct report {
  enum report_kind kind;
  int exit_code;          /* of REPORT_FAILED; of REPORT_PID the pid */
  struct sys_error error; /* op points into `op` after report_receive */
  char op[32];
  int fd; /* of REPORT_TERMINAL: the terminal's master side, CLOEXEC; else -1 */
};

/* For the process. Nothing can be done about failure: the other end is gone. */
void report_created(int sync);
void report_failed(int sync, const struct sys_error *error, int exit_code);
void report_warning(int sync, const struct sys_error *error);
void report_terminal(int sync, int master);
void report_pid(int sync, int pid);
/* Waits for the monitor's go; false when it is gone. */
bool report_wait(int sync);

/* For the monitor: 1 with a report, 0 at the end, -1 with errno. */
int report_receive(int sync, struct report *report);
/* false with errno when the process is gone. */
bool report_go(int sync);

#endif
