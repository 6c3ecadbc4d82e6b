#ifndef TSNET_MUSL_H
#define TSNET_MUSL_H

/* Included before every file of the engine: what musl before 1.2.5 has no declaration of. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef STATX_TYPE
#include <linux/stat.h>

static inline int statx(int folder, const char *path, int flags, unsigned mask, struct statx *out) {
  return (int)syscall(SYS_statx, folder, path, flags, mask, out);
}
#endif

#endif
