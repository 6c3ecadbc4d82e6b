#ifndef TSBOX_NODES_H
#define TSBOX_NODES_H

#include "config.h"

/* Makes the DEVICEs and SYMLINKs of the configuration beneath `root`; what is there already is right or replaced. */
int nodes_make(const struct config *config, int root, struct sys_error *error);

#endif
