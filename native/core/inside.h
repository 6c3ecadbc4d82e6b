#ifndef TSNET_INSIDE_H
#define TSNET_INSIDE_H

#include "bytes.h"
#include "error.h"

/*
 * Reads a file below a folder that somebody else has power over, a container's root for one. Links in it, absolute ones too, are
 * followed as if that folder were `/`, and nothing outside is ever reached, whatever is renamed meanwhile (openat2(2),
 * RESOLVE_IN_ROOT). Regular files only (EINVAL), and nothing else is opened; EFBIG over `max`. May wait as long as the file
 * system there wants it to (FUSE).
 */
int file_read_inside(const char *root, const char *path, size_t max, struct bytes *out, struct sys_error *error);

#endif
