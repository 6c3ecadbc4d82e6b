#include "restart.h"

#include "config.h"

enum { FIRST_MS = 100, LAST_MS = 60000, LONG_RUN_MS = 10000 };

int64_t restart_after(struct restart *restart, int exit_code, int64_t run_ms, bool manual_stop) {
  if (manual_stop || restart->policy == RESTART_NO) return -1;
  if (restart->policy == RESTART_ON_FAILURE) {
    if (exit_code == 0 || (restart->max > 0 && restart->count >= restart->max)) return -1;
  }
  if (restart->delay_ms == 0 || run_ms >= LONG_RUN_MS) restart->delay_ms = FIRST_MS;
  else if ((restart->delay_ms *= 2) > LAST_MS) restart->delay_ms = LAST_MS;
  restart->count++;
  return restart->delay_ms;
}
