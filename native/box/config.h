#ifndef TSBOX_CONFIG_H
#define TSBOX_CONFIG_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

/* The configuration as README.md describes it. It is checked whole once and then read from where it lies. */

enum tag {
#define RECORD(name, tag, scalars, strings, times, whom) TAG_##name = tag,
#include "schema.def"
#undef RECORD
};

enum {
  CONFIG_HEAD = 16,
  CONFIG_MAX = 1 << 20,
  CONFIG_MAX_RECORDS = 8192,
  RECORD_SCALARS = 6,
  RECORD_STRINGS = 4,
};

enum { CONFIG_CREATE, CONFIG_EXEC };

enum { MOUNT_FS, MOUNT_BIND, MOUNT_RBIND };
enum { ROOT_READONLY = 1 };
enum { OVERLAY_VOLATILE = 1 };
enum { MOUNT_OPTIONAL = 1 };
enum {
  OPTION_NO_NEW_PRIVS = 1,
  OPTION_TERMINAL = 2,
  OPTION_STDIN = 4,
  OPTION_STDIN_ONCE = 8,
  OPTION_INIT = 16,
  OPTION_KILL_WITH_CLIENT = 32,
  OPTION_LOOPBACK = 64,
  OPTION_END_IF_ALONE = 128,
};
enum { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

#define FOR_EVER UINT64_MAX

struct config {
  const uint8_t *data; /* head included */
  size_t length;
};

struct record {
  enum tag tag;
  uint64_t scalar[RECORD_SCALARS];
  const char *string[RECORD_STRINGS];
  const char *rest; /* bytes, or the strings after those in `string` */
  size_t rest_length;
};

/* Checks everything that can be checked without looking at the machine. Errors have op "config" and name the record. */
int config_check(const struct config *config, int whom, struct sys_error *error);

/* The next record of a kind; `at` is 0 for the first. Only for a configuration that was checked. */
bool config_next(const struct config *config, enum tag tag, size_t *at, struct record *record);
/* The only one of its kind; false when there is none. */
bool config_get(const struct config *config, enum tag tag, struct record *record);
/* The first scalar of the only one of its kind. */
uint64_t config_number(const struct config *config, enum tag tag, uint64_t otherwise);
/* The first string of the only one of its kind. */
const char *config_text(const struct config *config, enum tag tag, const char *otherwise);
/* All first strings of a kind, ended by NULL, to be freed by the caller; the strings stay in the configuration. */
char **config_list(const struct config *config, enum tag tag);
/* Whether the container has a namespace of this kind that is not the host's. */
bool config_has_namespace(const struct config *config, uint64_t kind);

/* For config_check: what a record must be beside its shape (validate.c). */
int record_check(const struct config *config, const struct record *record, struct sys_error *error);

#endif
