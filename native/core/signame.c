#include "signame.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#define NAME(code) [code] = #code

/* signal(7). sigabbrev_np(3) needs glibc 2.32. */
static const char *const names[] = {
    NAME(SIGHUP),  NAME(SIGINT),  NAME(SIGQUIT), NAME(SIGILL),   NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS),
    NAME(SIGFPE),  NAME(SIGKILL), NAME(SIGUSR1), NAME(SIGSEGV),  NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM),
    NAME(SIGTERM), NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGSTOP),  NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU),
    NAME(SIGURG),  NAME(SIGXCPU), NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH), NAME(SIGIO),
    NAME(SIGPWR),  NAME(SIGSYS),
};

const char *signame(int number, char out[16]) {
  size_t count = sizeof names / sizeof names[0];
  if (number > 0 && (size_t)number < count && names[number] != NULL) return names[number];
  snprintf(out, 16, "SIG%d", number);
  return out;
}
