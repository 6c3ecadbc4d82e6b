#ifndef TSNET_CHECK_H
#define TSNET_CHECK_H

#include "error.h"

#include <stdio.h>
#include <stdlib.h>

/* The little a test program needs. A test is a function; CHECK leaves it at the first thing that is wrong. */

static int checks_passed, checks_failed;
static const char *check_problem;

#define CHECK(condition)                                                 \
  do {                                                                   \
    if (!(condition)) {                                                  \
      static char text[256];                                             \
      snprintf(text, sizeof text, "%s:%d: %s", __FILE__, __LINE__, #condition); \
      check_problem = text;                                              \
      return;                                                            \
    }                                                                    \
  } while (0)

/* `result` failed with this errno. */
#define CHECK_FAILS(result, error, expected)                                                                     \
  do {                                                                                                           \
    int outcome_ = (result);                                                                                     \
    if (outcome_ >= 0 || (error).err != (expected)) {                                                            \
      static char text[256];                                                                                     \
      snprintf(text, sizeof text, "%s:%d: %s: got %d %s, wanted %s", __FILE__, __LINE__, #result, outcome_,      \
               outcome_ >= 0 ? "" : errname((error).err), #expected);                                            \
      check_problem = text;                                                                                      \
      return;                                                                                                    \
    }                                                                                                            \
  } while (0)

#define RUN(test) run_test(#test, test)

static void run_test(const char *name, void (*test)(void)) {
  check_problem = NULL;
  test();
  if (check_problem == NULL) {
    checks_passed++;
    return;
  }
  checks_failed++;
  printf("FAILED %s\n  %s\n", name, check_problem);
}

/* Last thing of main: the line that run.sh adds up. */
static inline int report(void) {
  printf("%d passed, %d failed\n", checks_passed, checks_failed);
  return checks_failed == 0 ? 0 : 1;
}

#endif
